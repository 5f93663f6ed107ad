//! `kill -9` of the real process under load: whatever was acknowledged is there once, and the audit is clean.
//! `COUNTERFOIL_KILLS` sets the number of kills of each door (`make prove` uses 200 in all), `COUNTERFOIL_SEED`
//! the seed.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use counterfoil::domain::Digest;

use crate::support::{Random, Workspace, from_environment, tiny_scan};

/// Restart to first answer must stay under this (it is shown, and asserted with room for a loaded machine).
const RESTART_MAX: Duration = Duration::from_secs(10);

/// A server in a process of its own.
pub struct Server {
    pub child: Child,
    pub address: String,
    token: String,
    started_in: Duration,
}

pub fn start(workspace: &Workspace) -> Server {
    let begun = Instant::now();
    let mut child = workspace
        .command(&["--json", "serve", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(workspace.log())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let said: serde_json::Value = serde_json::from_str(&line)
        .unwrap_or_else(|_| panic!("serve said {line:?}; log: {}", workspace.log_text()));
    let address = said["listening"].as_str().unwrap().to_string();
    let token = std::fs::read_to_string(said["token_file"].as_str().unwrap()).unwrap();
    let (status, _) = request(&address, "GET", "/healthz", "", b"").unwrap();
    assert_eq!(status, 200);
    Server {
        child,
        address,
        token: token.trim().to_string(),
        started_in: begun.elapsed(),
    }
}

/// One HTTP/1.1 exchange on a connection of its own.
fn request(
    address: &str,
    method: &str,
    path: &str,
    token: &str,
    body: &[u8],
) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let text = String::from_utf8_lossy(&answer).into_owned();
    let status = text
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| std::io::Error::other("no whole answer"))?;
    let (_, content) = text.split_once("\r\n\r\n").unwrap_or(("", ""));
    Ok((status, content.to_string()))
}

/// Uploads scans until told to stop or the server is gone; returns those it acknowledged.
fn upload_until(
    server: &Server,
    stop: Arc<AtomicBool>,
    mut random: Random,
) -> std::thread::JoinHandle<Vec<Digest>> {
    let (address, token) = (server.address.clone(), server.token.clone());
    std::thread::spawn(move || {
        let mut acknowledged = Vec::new();
        while !stop.load(Ordering::SeqCst) {
            let scan = tiny_scan(random.next());
            let digest = Digest::of(&scan);
            match request(
                &address,
                "PUT",
                &format!("/api/v1/scans/{digest}"),
                &token,
                &scan,
            ) {
                Ok((200 | 202, _)) => acknowledged.push(digest),
                Ok((503, _)) => std::thread::yield_now(),
                Ok((status, body)) => panic!("upload answered {status}: {body}"),
                Err(_) => break,
            }
        }
        acknowledged
    })
}

#[test]
fn what_serve_acknowledged_survives_every_kill() {
    let kills = from_environment("COUNTERFOIL_KILLS", 10) / 2;
    let seed = from_environment("COUNTERFOIL_SEED", 20_261_122);
    println!("seed {seed}, {kills} kills of serve");
    let mut random = Random::new(seed);
    let workspace = Workspace::new();
    let mut acknowledged: BTreeSet<Digest> = BTreeSet::new();
    let mut slowest = Duration::ZERO;
    for _ in 0..kills {
        let mut server = start(&workspace);
        slowest = slowest.max(server.started_in);
        let stop = Arc::new(AtomicBool::new(false));
        let writers: Vec<_> = (0..4)
            .map(|_| upload_until(&server, stop.clone(), Random::new(random.next())))
            .collect();
        std::thread::sleep(Duration::from_millis(20 + random.below(480)));
        server.child.kill().unwrap();
        server.child.wait().unwrap();
        stop.store(true, Ordering::SeqCst);
        for writer in writers {
            acknowledged.extend(writer.join().unwrap());
        }
    }
    let mut server = start(&workspace);
    slowest = slowest.max(server.started_in);
    for digest in &acknowledged {
        let path = format!("/api/v1/scans/{digest}");
        let (status, body) = request(&server.address, "GET", &path, &server.token, b"").unwrap();
        assert_eq!(status, 200, "acknowledged scan {digest} is gone: {body}");
    }
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    println!(
        "{} acknowledged scans, slowest restart {slowest:?}",
        acknowledged.len()
    );
    assert!(!acknowledged.is_empty());
    assert!(slowest < RESTART_MAX, "slowest restart took {slowest:?}");
    assert_clean(&workspace, &acknowledged);
}

#[test]
fn what_ingest_printed_survives_every_kill() {
    let kills = from_environment("COUNTERFOIL_KILLS", 10) / 2;
    let seed = from_environment("COUNTERFOIL_SEED", 20_261_122) + 1;
    println!("seed {seed}, {kills} kills of ingest");
    let mut random = Random::new(seed);
    let workspace = Workspace::new();
    let mut printed: BTreeSet<Digest> = BTreeSet::new();
    for round in 0..kills {
        let folder = workspace.path().join(format!("in-{round}"));
        write_scans(&folder, 200, &mut random);
        // Every other round promises as soon as a scan is received, so that many promises are open at the kill.
        let wait = ["--wait", "--no-wait"][round as usize % 2];
        let mut child = workspace
            .command(&["--json", "ingest", wait, folder.to_str().unwrap()])
            .stdout(Stdio::piped())
            .stderr(workspace.log())
            .spawn()
            .unwrap();
        let output = child.stdout.take().unwrap();
        let reader = std::thread::spawn(move || read_printed(output));
        std::thread::sleep(Duration::from_millis(100 + random.below(1400)));
        child.kill().unwrap();
        child.wait().unwrap();
        printed.extend(reader.join().unwrap());
    }
    let folder = workspace.path().join("last");
    write_scans(&folder, 4, &mut random);
    let last = workspace
        .command(&["--json", "ingest", folder.to_str().unwrap()])
        .output()
        .unwrap();
    assert!(
        last.status.success(),
        "{}",
        String::from_utf8_lossy(&last.stderr)
    );
    printed.extend(read_printed(last.stdout.as_slice()));
    println!("{} scans were printed as taken", printed.len());
    assert!(printed.len() >= 4);
    assert_clean(&workspace, &printed);
}

fn write_scans(folder: &Path, count: usize, random: &mut Random) {
    std::fs::create_dir_all(folder).unwrap();
    for number in 0..count {
        std::fs::write(
            folder.join(format!("{number}.png")),
            tiny_scan(random.next()),
        )
        .unwrap();
    }
}

fn read_printed(output: impl Read) -> Vec<Digest> {
    let mut printed = Vec::new();
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        // The last line may be cut by the kill: it was not wholly printed, so it promises nothing.
        let Ok(object) = serde_json::from_str::<serde_json::Value>(&line) else {
            continue;
        };
        assert_ne!(object["status"], "refused", "{line}");
        printed.push(object["sha256"].as_str().unwrap().parse().unwrap());
    }
    printed
}

/// The audit finds nothing, and every promised scan was received exactly once.
fn assert_clean(workspace: &Workspace, promised: &BTreeSet<Digest>) {
    let audit = workspace
        .command(&["--json", "audit", "--list-scans"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&audit.stdout).into_owned();
    assert!(
        audit.status.success(),
        "audit: {said}{}",
        String::from_utf8_lossy(&audit.stderr)
    );
    let mut received: Vec<Digest> = Vec::new();
    for line in said.lines() {
        let object: serde_json::Value = serde_json::from_str(line).unwrap();
        if let Some(scan) = object["scan"].as_str() {
            received.push(scan.parse().unwrap());
        }
    }
    let once: BTreeSet<Digest> = received.iter().copied().collect();
    assert_eq!(once.len(), received.len(), "a scan was received twice");
    let missing: Vec<_> = promised.difference(&once).collect();
    assert!(
        missing.is_empty(),
        "promised but not in the ledger: {missing:?}"
    );
}

/// A process is gone when its lock can be taken again.
#[test]
fn a_second_process_is_told_who_holds_the_data_folder() {
    let workspace = Workspace::new();
    let mut server = start(&workspace);
    let folder = workspace.path().join("in");
    write_scans(&folder, 1, &mut Random::new(7));
    let second: Command = workspace.command(&["ingest", folder.to_str().unwrap()]);
    let output = { second }.output().unwrap();
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("data-folder-in-use") && said.contains(&server.child.id().to_string()),
        "{said}"
    );
}
