//! What can happen to a person who works here.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::access::Grant;
use crate::domain::id::{Commitment, FactorId, SigningKeyId, SiteCode, StaffId, TokenId};
use crate::domain::{Digest, Timestamp};

/// What can happen to a person who works here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum StaffEvent {
    /// About the hall: someone was put on the roll.
    Listed {
        /// Who.
        staff: StaffId,
    },
    /// The account was opened.
    Enrolled {
        /// Vault record with the name.
        profile: Commitment,
        /// Vault record with the password's hash; none for whoever signs in elsewhere, or with a recovery code first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        credential: Option<Commitment>,
        /// Someone else chose the password: the first sign-in must set another.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        temporary: bool,
    },
    /// The name was corrected.
    ProfileChanged {
        /// Vault record with the name.
        profile: Commitment,
    },
    /// A role was given.
    RoleAssigned {
        /// Which, and where.
        grant: Grant,
    },
    /// A role was taken away.
    RoleRemoved {
        /// Which, and where.
        grant: Grant,
    },
    /// The person set another password.
    PasswordChanged {
        /// Vault record with its hash.
        credential: Commitment,
    },
    /// A second factor was enrolled.
    FactorEnrolled {
        /// Its name.
        factor: FactorId,
        /// What it is.
        kind: FactorKind,
        /// Vault record with its secret, or a passkey's public part.
        secret: Commitment,
        /// The counter it starts from: the step of the code that proved it, or the passkey's own.
        mark: u64,
    },
    /// A second factor was removed.
    FactorRemoved {
        /// Which.
        factor: FactorId,
    },
    /// A second factor was shown. What it showed is never accepted again.
    FactorUsed {
        /// Which.
        factor: FactorId,
        /// The counter it reached: a code's time step, or a passkey's own count.
        mark: u64,
    },
    /// The person signed in.
    SignedIn {
        /// How.
        method: SignInMethod,
    },
    /// The account was locked: it signs in no more, and its sessions ended.
    Locked {
        /// Why.
        reason: LockReason,
    },
    /// The account may sign in again.
    Unlocked,
    /// A one-time code was given out. From here on the password and every second factor are void.
    RecoveryIssued {
        /// Vault record with the code's digest.
        code: Commitment,
        /// Until when it is good.
        expires: Timestamp,
    },
    /// The code was used, and a new password set.
    RecoveryUsed {
        /// Vault record with the new password's hash.
        credential: Commitment,
    },
    /// Single sign-on was linked to the account.
    SingleSignOnLinked {
        /// Vault record with the provider and its name for the person.
        link: Commitment,
    },
    /// Single sign-on was unlinked.
    SingleSignOnUnlinked,
    /// A signing key was enrolled.
    SigningKeyEnrolled {
        /// Its name.
        key: SigningKeyId,
        /// Its public half.
        public: PublicKey,
        /// Vault record with its private half, sealed under a PIN the server never sees.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sealed: Option<Commitment>,
    },
    /// A signing key was revoked: what it signed before stays signed.
    SigningKeyRevoked {
        /// Which.
        key: SigningKeyId,
        /// Why.
        reason: RevocationReason,
    },
    /// A station's API token was issued; this person answers for it.
    TokenIssued {
        /// Its name.
        token: TokenId,
        /// SHA-256 of its secret.
        secret: Digest,
        /// The site whose scans it may hand in.
        site: SiteCode,
        /// Until when.
        expires: Timestamp,
    },
    /// A token was revoked.
    TokenRevoked {
        /// Which.
        token: TokenId,
    },
    /// The person left. Roles, factors, keys and tokens ended with this fact.
    Offboarded {
        /// Who takes over what the person held.
        successor: StaffId,
    },
    /// What another person held is this one's now.
    TookOver {
        /// Whose.
        from: StaffId,
    },
}

/// What a second factor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FactorKind {
    /// Codes by time (RFC 6238) from an app.
    Totp,
    /// WebAuthn: a passkey or a USB key.
    Passkey,
}

/// How someone signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInMethod {
    /// With a password.
    Password,
    /// At the hall's identity provider (OIDC).
    SingleSignOn,
    /// With a recovery code.
    Recovery,
}

/// Why an account was locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LockReason {
    /// The person is away.
    Absence,
    /// It may be in other hands.
    Suspicion,
    /// The person asked for it.
    OwnRequest,
}

/// Why a signing key was revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RevocationReason {
    /// The PIN is forgotten.
    PinForgotten,
    /// The key or its PIN may be in other hands.
    Suspicion,
    /// Another key takes its place.
    Replaced,
}

macro_rules! hex_bytes {
    ($(#[$doc:meta])* $name:ident, $length:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name([u8; $length]);

        impl $name {
            /// Wraps the bytes.
            pub const fn from_bytes(bytes: [u8; $length]) -> Self {
                Self(bytes)
            }

            /// The bytes.
            pub const fn as_bytes(&self) -> &[u8; $length] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = hex::FromHexError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let mut bytes = [0u8; $length];
                hex::decode_to_slice(text, &mut bytes)?;
                Ok(Self(bytes))
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

hex_bytes!(
    /// The public half of an Ed25519 signing key: 32 bytes, written as 64 hexadecimal digits.
    PublicKey,
    32
);
hex_bytes!(
    /// An Ed25519 signature: 64 bytes, written as 128 hexadecimal digits.
    SignatureBytes,
    64
);
