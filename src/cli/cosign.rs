//! `counterfoil cosign`: a witness's own side, with no hall and no network. It remembers nothing: the checkpoint that was
//! cosigned last is a file of the witness's, and a new one is cosigned only when it follows from that.

use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::app;
use crate::cli::output::Output;
use crate::cli::{CliError, Outcome};
use crate::domain::{Digest, Problem};
use crate::merkle::{Checkpoint, Hash, Note, VerifierKey, WitnessSigner, verify_consistency};
use crate::store::keys::{random_secret, read_private_text};

/// The largest file read, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// The arguments of the command.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "例 Examples:\n  counterfoil cosign new-key scjg.example/witness --out witness.key\n  counterfoil cosign sign checkpoint.txt --key witness.key --log-key hall.vkey --kept last.txt --proof proof.json --out cosigned.txt"
)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// 生成见证人密钥 Make a key for a witness; its public half is printed
    NewKey {
        /// 名称，如网址 What the witness is called, as an address without scheme
        name: String,
        /// 私钥文件 Where the private half goes
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// 联署检查点 Cosign a checkpoint
    Sign(SignArgs),
}

#[derive(Debug, clap::Args)]
struct SignArgs {
    /// 大厅的检查点 The hall's checkpoint
    checkpoint: PathBuf,
    /// 见证人私钥文件 The witness's private key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// 大厅日志的验证密钥（文件或密钥本身）Key of the hall's log: a file, or the key itself
    #[arg(long, value_name = "FILE|VKEY")]
    log_key: String,
    /// 上次联署的检查点；首次联署时不给 The checkpoint that was cosigned last; none the first time
    #[arg(long, value_name = "FILE")]
    kept: Option<PathBuf>,
    /// 由上次到本次的一致性证明 The proof from that one to this, as /api/v1/ledger/consistency gives it
    #[arg(long, value_name = "FILE", requires = "kept")]
    proof: Option<PathBuf>,
    /// 输出文件，缺省为标准输出 Where the cosigned checkpoint goes; standard output without it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// A consistency proof as the hall serves it.
#[derive(Deserialize)]
struct Proof {
    from: u64,
    to: u64,
    path: Vec<Digest>,
}

/// Makes a key, or cosigns.
pub fn run(args: Args, output: Output) -> Result<Outcome, CliError> {
    match args.action {
        Action::NewKey { name, out } => new_key(&name, &out, output)?,
        Action::Sign(args) => sign(&args, output)?,
    }
    Ok(Outcome::Done)
}

fn new_key(name: &str, out: &Path, output: Output) -> Result<(), CliError> {
    let secret = random_secret().map_err(CliError::internal)?;
    let signer = WitnessSigner::new(name, &secret);
    let signer = signer.map_err(|error| CliError::new(Problem::BadField, error))?;
    let options = &mut std::fs::OpenOptions::new();
    let options = options.write(true).create_new(true).mode(0o600);
    let written = options.open(out).and_then(|mut file| {
        file.write_all(signer.secret_text().as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| CliError::store(format!("{}: {error}", out.display())))?;
    let key = signer.witness().to_string();
    let object = serde_json::json!({ "key": key, "file": out });
    output.result(&object, || key.clone())
}

fn sign(args: &SignArgs, output: Output) -> Result<(), CliError> {
    let keys = log_keys(&args.log_key)?;
    let secret = read_private_text(&args.key);
    let secret = secret.map_err(|error| CliError::new(Problem::CannotRead, error))?;
    let signer = WitnessSigner::of_secret_text(&secret)
        .map_err(|_| wrong("--key", "不是见证人私钥 (not the private key of a witness)"))?;
    let note = text(&args.checkpoint)?;
    let now = checkpoint(&note, &keys, &args.checkpoint)?;
    if let Some(path) = &args.kept {
        let kept = checkpoint(&text(path)?, &keys, path)?;
        follows(&kept, &now, args.proof.as_deref())?;
    }
    let seconds = app::system_clock().now().as_millis() / 1000;
    let time = u64::try_from(seconds).map_err(CliError::internal)?;
    let text = Note::parse(&note).map_err(CliError::internal)?;
    let cosignature = signer.cosign(text.text(), time);
    let cosigned = format!("{note}{}", signer.witness().line(&cosignature));
    if let Some(out) = &args.out {
        let written = std::fs::write(out, &cosigned);
        written.map_err(|error| CliError::store(format!("{}: {error}", out.display())))?;
    }
    let object = serde_json::json!({ "size": now.size, "root": hex::encode(now.root.0), "witness": signer.witness().to_string(), "first": args.kept.is_none(), "checkpoint": cosigned });
    output.result(&object, || match &args.out {
        Some(out) => format!(
            "✓ 已联署 cosigned {} {}{}：{}",
            now.origin,
            now.size,
            if args.kept.is_none() {
                "（首次 for the first time）"
            } else {
                ""
            },
            out.display()
        ),
        None => cosigned.trim_end().to_owned(),
    })
}

/// A checkpoint that the log signed.
fn checkpoint(note: &str, keys: &[VerifierKey], path: &Path) -> Result<Checkpoint, CliError> {
    let read = Checkpoint::verify(note, keys);
    let (checkpoint, _) = read.map_err(|error| {
        let detail = format!(
            "没有该日志密钥的有效签名，不联署（{error}）(not signed by the log's key, so it is not cosigned)"
        );
        wrong(&path.display().to_string(), &detail)
    })?;
    // Lines after the root would be signed as well, and nobody here knows what they say.
    let plain = Note::parse(note).is_ok_and(|note| note.text() == checkpoint.text());
    match plain && keys.iter().any(|key| key.name() == checkpoint.origin) {
        true => Ok(checkpoint),
        false => Err(wrong(
            &path.display().to_string(),
            "不是该日志的检查点 (not a checkpoint of that log)",
        )),
    }
}

/// Refuses a checkpoint that does not follow from the one that was cosigned last.
fn follows(kept: &Checkpoint, now: &Checkpoint, proof: Option<&Path>) -> Result<(), CliError> {
    let path = match proof {
        Some(file) => {
            let proof: Proof = serde_json::from_str(&text(file)?)
                .map_err(|error| wrong(&file.display().to_string(), &error.to_string()))?;
            if (proof.from, proof.to) != (kept.size, now.size) {
                let detail = format!(
                    "证明是 {}→{} 的，需要 {}→{} (the proof is about other sizes)",
                    proof.from, proof.to, kept.size, now.size
                );
                return Err(wrong("--proof", &detail));
            }
            proof.path
        }
        None if kept.size == now.size => Vec::new(),
        None => {
            let detail = format!(
                "需要由 {} 到 {} 的一致性证明 (a proof from the kept checkpoint to this one is needed)",
                kept.size, now.size
            );
            return Err(wrong("--proof", &detail));
        }
    };
    let path: Vec<Hash> = path.iter().map(|one| Hash(*one.as_bytes())).collect();
    let held = kept.origin == now.origin
        && verify_consistency(kept.size, now.size, &kept.root, &now.root, &path).is_ok();
    match held {
        true => Ok(()),
        false => Err(CliError::new(
            Problem::Refused,
            "该检查点与上次联署的不一致：日志可能被改写；不要联署，请保存两份文件并报告监督部门 (it does not follow from the one cosigned last: the log may have been rewritten; keep both files and report it)",
        )),
    }
}

fn log_keys(given: &str) -> Result<Vec<VerifierKey>, CliError> {
    if let Ok(key) = given.parse() {
        return Ok(vec![key]);
    }
    let text = text(Path::new(given))?;
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let keys: Result<Vec<VerifierKey>, _> = lines.map(str::parse).collect();
    match keys {
        Ok(keys) if !keys.is_empty() => Ok(keys),
        _ => Err(wrong(
            "--log-key",
            "不是日志验证密钥 (not a verifier key of a log)",
        )),
    }
}

fn wrong(what: &str, detail: &str) -> CliError {
    CliError::new(Problem::BadField, format!("{what}：{detail}"))
}

/// A small text file.
pub(super) fn text(path: &Path) -> Result<String, CliError> {
    let cannot = |error: std::io::Error| {
        CliError::new(Problem::CannotRead, format!("{}: {error}", path.display()))
    };
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(cannot)?;
    let read = file.take(FILE_BYTES_MAX).read_to_string(&mut text);
    read.map_err(cannot)?;
    Ok(text)
}
