//! S3 locations: read strictly, credentials from files only.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, S3ConditionalPut};
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, RetryConfig};

use super::{ObjectsError, refuse};
use crate::store::keys::read_private_text;

/// How often a failed request is repeated before the caller hears of it.
const RETRIES_MAX: usize = 5;
/// How long a request is repeated at most.
const RETRY_TIMEOUT: Duration = Duration::from_secs(30);

/// An S3 service and a place in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct S3Options {
    /// Name of the bucket, which must exist.
    pub bucket: Option<String>,
    /// Folder inside the bucket; none for its top.
    pub prefix: Option<String>,
    /// URL of a service other than AWS, as `https://s3.hall.example:3900`.
    pub endpoint: Option<String>,
    /// Region name; `us-east-1` when absent.
    pub region: Option<String>,
    /// Whether plain HTTP is accepted. Blobs are encrypted, but requests can be seen and forged.
    pub allow_http: bool,
    /// File that holds the access key id, readable by its owner only.
    pub access_key_file: Option<PathBuf>,
    /// File that holds the secret access key, readable by its owner only.
    pub secret_key_file: Option<PathBuf>,
}

/// Reads what follows `s3:`.
pub(super) fn parse(rest: &str, options: &S3Options) -> Result<S3Options, ObjectsError> {
    let mut found = options.clone();
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    if !place.is_empty() {
        let Some(place) = place.strip_prefix("//") else {
            return Err(refuse(
                "an s3: location is s3://bucket/prefix?options, or s3: alone",
            ));
        };
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        if bucket.contains('@') || bucket.contains(':') {
            return Err(refuse(CREDENTIALS_IN_TEXT));
        }
        found.bucket = Some(bucket.to_owned());
        found.prefix = Some(prefix.trim_end_matches('/').to_owned());
    }
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let Some((name, value)) = pair.split_once('=') else {
            return Err(refuse("each s3: option is written name=value"));
        };
        apply(&mut found, name, value)?;
    }
    check(&found)?;
    Ok(found)
}

const CREDENTIALS_IN_TEXT: &str =
    "credentials are never written in it; name files in access_key_file and secret_key_file";

fn apply(options: &mut S3Options, name: &str, value: &str) -> Result<(), ObjectsError> {
    if value.is_empty() {
        return Err(refuse(format!("s3: option {name} has no value")));
    }
    match name {
        "endpoint" => options.endpoint = Some(value.to_owned()),
        "region" => options.region = Some(value.to_owned()),
        "access_key_file" => options.access_key_file = Some(PathBuf::from(value)),
        "secret_key_file" => options.secret_key_file = Some(PathBuf::from(value)),
        "allow_http" => {
            options.allow_http = match value {
                "true" => true,
                "false" => false,
                _ => return Err(refuse("s3: option allow_http is true or false")),
            }
        }
        name if name.contains("secret")
            || name.contains("access_key")
            || name.contains("token") =>
        {
            return Err(refuse(CREDENTIALS_IN_TEXT));
        }
        name => {
            let name: String = name.chars().take(40).collect();
            return Err(refuse(format!(
                "unknown s3: option {name}; known are endpoint, region, allow_http, access_key_file, secret_key_file"
            )));
        }
    }
    Ok(())
}

fn check(options: &S3Options) -> Result<(), ObjectsError> {
    let bucket = options.bucket.as_deref().unwrap_or_default();
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    if !(3..=63).contains(&bucket.len()) || !bucket.chars().all(allowed) {
        return Err(refuse("an s3: bucket has 3-63 of a-z 0-9 . -"));
    }
    if let Some(prefix) = options.prefix.as_deref()
        && Path::parse(prefix).is_err()
    {
        return Err(refuse("the s3: prefix is not a path such as hall/blobs"));
    }
    if let Some(endpoint) = options.endpoint.as_deref() {
        let plain = endpoint.starts_with("http://");
        if !plain && !endpoint.starts_with("https://") {
            return Err(refuse("the s3: endpoint begins with https:// or http://"));
        }
        if endpoint.contains('@') {
            return Err(refuse(CREDENTIALS_IN_TEXT));
        }
        if plain && !options.allow_http {
            return Err(refuse("an http:// endpoint needs allow_http=true"));
        }
    }
    if options.access_key_file.is_none() || options.secret_key_file.is_none() {
        return Err(refuse("s3: needs access_key_file and secret_key_file"));
    }
    Ok(())
}

/// Builds the store of checked options.
pub(super) fn build(options: &S3Options) -> Result<Arc<dyn ObjectStore>, ObjectsError> {
    check(options)?;
    let (Some(bucket), Some(access), Some(secret)) = (
        &options.bucket,
        &options.access_key_file,
        &options.secret_key_file,
    ) else {
        return Err(refuse(
            "s3: needs a bucket, access_key_file and secret_key_file",
        ));
    };
    let retry = RetryConfig {
        max_retries: RETRIES_MAX,
        retry_timeout: RETRY_TIMEOUT,
        ..RetryConfig::default()
    };
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_region(options.region.as_deref().unwrap_or("us-east-1"))
        .with_allow_http(options.allow_http)
        .with_conditional_put(S3ConditionalPut::ETagMatch)
        .with_retry(retry)
        .with_access_key_id(read_private_text(access)?.as_str())
        .with_secret_access_key(read_private_text(secret)?.as_str());
    if let Some(endpoint) = &options.endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    let store = builder.build()?;
    match options.prefix.as_deref() {
        None | Some("") => Ok(Arc::new(store)),
        Some(prefix) => Ok(Arc::new(PrefixStore::new(store, Path::from(prefix)))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Location;
    use super::*;

    const FILES: &str = "access_key_file=/etc/c/id&secret_key_file=/etc/c/secret";

    #[test]
    fn a_whole_location_is_read() {
        let text = format!(
            "s3://hall-blobs/a/b/?endpoint=http://127.0.0.1:3900&allow_http=true&region=garage&{FILES}"
        );
        let Location::S3(found) = Location::parse(&text, &S3Options::default()).unwrap() else {
            panic!("not an s3 location");
        };
        let expected = S3Options {
            bucket: Some("hall-blobs".to_owned()),
            prefix: Some("a/b".to_owned()),
            endpoint: Some("http://127.0.0.1:3900".to_owned()),
            region: Some("garage".to_owned()),
            allow_http: true,
            access_key_file: Some(PathBuf::from("/etc/c/id")),
            secret_key_file: Some(PathBuf::from("/etc/c/secret")),
        };
        assert_eq!(found, expected);
        let again = Location::parse("s3:", &expected).unwrap();
        assert_eq!(again, Location::S3(expected));
    }

    #[test]
    fn what_cannot_be_understood_is_refused_and_secrets_are_not_repeated() {
        let cases = [
            ("".to_owned(), "file: memory: s3:"),
            ("/var/lib/blobs".to_owned(), "file: memory: s3:"),
            ("https://x".to_owned(), "file: memory: s3:"),
            ("memory:x".to_owned(), "followed by nothing"),
            ("file:blobs".to_owned(), "absolute"),
            ("file:".to_owned(), "absolute"),
            ("file://host/blobs".to_owned(), "no host"),
            (format!("s3:?{FILES}"), "bucket"),
            (format!("s3:bucket?{FILES}"), "s3://bucket"),
            (format!("s3://Bucket?{FILES}"), "bucket"),
            (format!("s3://bucket/a//b?{FILES}"), "prefix"),
            ("s3://bucket".to_owned(), "access_key_file"),
            (
                format!("s3://bucket?{FILES}&colour=red"),
                "unknown s3: option colour",
            ),
            (format!("s3://bucket?{FILES}&region"), "name=value"),
            (format!("s3://bucket?{FILES}&region="), "no value"),
            (
                format!("s3://bucket?{FILES}&allow_http=yes"),
                "true or false",
            ),
            (
                format!("s3://bucket?{FILES}&endpoint=127.0.0.1:1"),
                "https://",
            ),
            (
                format!("s3://bucket?{FILES}&endpoint=http://127.0.0.1:1"),
                "allow_http",
            ),
            (
                format!("s3://bucket?{FILES}&endpoint=https://k:s3cr3t@h"),
                "never written",
            ),
            ("s3://key:s3cr3t@bucket".to_owned(), "never written"),
            (
                "s3://bucket?secret_access_key=s3cr3t".to_owned(),
                "never written",
            ),
        ];
        for (text, expected) in cases {
            let refused = Location::parse(&text, &S3Options::default());
            let said = refused.unwrap_err().to_string();
            assert!(said.contains(expected), "{text:?}: {said}");
            assert!(!said.contains("s3cr3t"), "{said}");
        }
    }

    #[test]
    fn credentials_come_from_private_files() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, mode: u32| {
            let path = folder.path().join(name);
            std::fs::write(&path, "value\n").unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            Some(path)
        };
        let mut options = S3Options {
            bucket: Some("bucket".to_owned()),
            access_key_file: file("id", 0o600),
            secret_key_file: file("secret", 0o644),
            ..S3Options::default()
        };
        assert!(matches!(build(&options), Err(ObjectsError::Credentials(_))));
        options.secret_key_file = file("secret", 0o600);
        let store = build(&options).unwrap();
        assert!(!format!("{store}").contains("value"));
    }
}
