//! What the commands about paper share: the opened hall, whoever acts, and signing with that person's own key. The PIN is
//! typed, or read from a file; it is never an argument.

use std::path::PathBuf;

use serde::Serialize;

use super::user::Input;
use crate::app::{App, printer};
use crate::cli::CliError;
use crate::cli::output::Output;
use crate::config::Config;
use crate::counter::{Ask, Counter};
use crate::domain::custody::{KeySignature, Side};
use crate::domain::{Actor, Digest, Problem, RequestId, StaffId};
use crate::people::seal::StaffKey;
use crate::people::{People, PeopleError};
use crate::store::keys::fill_random;

/// Who signs.
#[derive(Debug, clap::Args)]
pub struct SignerArgs {
    /// 签名人 The person who signs
    #[arg(long = "as", value_name = "STAFF")]
    pub staff: StaffId,
    /// 从文件读取 PIN（- 为标准输入），缺省时在终端输入 Read the PIN from a file (- for standard input); without it the terminal asks
    #[arg(long, value_name = "FILE")]
    pub pin_file: Option<PathBuf>,
}

/// The opened hall.
pub struct Desk {
    /// Its parts.
    pub app: App,
    /// The use cases.
    pub counter: Counter,
    people: People,
    output: Output,
}

impl Desk {
    /// Opens the data folder; a running server has it alone.
    pub async fn open(config: &Config, output: Output) -> Result<Self, CliError> {
        let app = App::open(config).await?;
        let (mut counter, people) = (app.counter(), app.people()?);
        counter.set_printer(printer(config));
        Ok(Self {
            app,
            counter,
            people,
            output,
        })
    }

    /// Lets the lists take in every fact, and lets the data folder go.
    pub async fn close(self) -> Result<(), CliError> {
        let follower = self.app.follow();
        self.caught_up().await?;
        follower.stop().await;
        self.app.ledger.close().await;
        Ok(())
    }

    /// Waits until the lists hold every fact there is.
    pub async fn caught_up(&self) -> Result<(), CliError> {
        let size = *self.app.ledger.published().borrow();
        loop {
            let position = self.app.catalog.position().await.map_err(CliError::store)?;
            if position >= size {
                return Ok(());
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }

    /// A request of the operator at this machine. Every call is one of its own.
    pub fn ask(&self) -> Result<Ask, CliError> {
        let mut drawn = [0; 16];
        fill_random(&mut drawn).map_err(CliError::internal)?;
        let request = RequestId::new(format!("cli/{}", hex::encode(drawn)));
        Ok(Ask {
            by: Actor::new("cli:operator").map_err(CliError::internal)?,
            request: request.map_err(CliError::internal)?,
            expected: None,
            occurred: None,
        })
    }

    /// A name for what a command makes.
    pub fn name(&self, kind: &str) -> Result<String, CliError> {
        let mut drawn = [0; 8];
        fill_random(&mut drawn).map_err(CliError::internal)?;
        Ok(format!("{kind}-{}", hex::encode(drawn)))
    }

    /// Signs a document with the person's own key, which the PIN unseals.
    pub async fn sign(
        &self,
        signer: &SignerArgs,
        document: &Digest,
    ) -> Result<KeySignature, CliError> {
        let kept = self.people.kept_signing_key(&signer.staff).await;
        let (key, public, sealed) = kept.map_err(|error| match error {
            PeopleError::NotFound => {
                let detail = format!("{}: 签名密钥不在本机保存；请在登记该密钥的浏览器中签名 (the signing key is not kept here; sign in the browser that enrolled it)", signer.staff);
                CliError::new(Problem::NotFound, detail)
            }
            other => other.into(),
        })?;
        let mut input = Input::open(signer.pin_file.as_ref())?;
        let prompt = format!(
            "{} 的签名 PIN signing PIN of {}",
            signer.staff, signer.staff
        );
        let pin = input.next(&prompt, true)?;
        let missing = || {
            let detail = "没有给出 PIN；请在终端输入或用 --pin-file (no PIN was given; type it, or use --pin-file)";
            CliError::new(Problem::CannotRead, detail)
        };
        let unsealed = StaffKey::unseal(&sealed, &public, &pin.ok_or_else(missing)?);
        let unsealed =
            unsealed.map_err(|error| CliError::new(Problem::Forbidden, error.to_string()))?;
        Ok(KeySignature {
            staff: signer.staff.clone(),
            key,
            signature: unsealed.sign(document),
        })
    }

    /// Prints one result.
    pub fn say<T: Serialize>(
        &self,
        object: &T,
        words: impl FnOnce() -> String,
    ) -> Result<(), CliError> {
        self.output.result(object, words)
    }
}

/// Reads a side: `site/YLZX` or `department/SCJG`.
pub fn side(text: &str) -> Result<Side, String> {
    let wrong = || "写作 write site/CODE or department/CODE".to_owned();
    let (kind, code) = text.split_once('/').ok_or_else(wrong)?;
    match kind {
        "site" => Ok(Side::Hall {
            site: code.parse().map_err(|_| wrong())?,
        }),
        "department" => Ok(Side::Department {
            department: code.parse().map_err(|_| wrong())?,
        }),
        _ => Err(wrong()),
    }
}
