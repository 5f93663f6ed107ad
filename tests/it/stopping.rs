//! How a server stops: soon when nobody waits for it, and after its grace where an event stream is still open.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::kill::{Server, start};
use crate::support::Workspace;

/// How long open requests are given to end (`cli::serve`).
const GRACE: Duration = Duration::from_secs(5);
/// What a loaded machine may take longer.
const SLACK: Duration = Duration::from_secs(15);
const FIRST_PASSWORD: &str = "first password, to be changed";
const OWN_PASSWORD: &str = "my own long password 7";

fn user(workspace: &Workspace, arguments: &[&str], input: &str) {
    let mut command = workspace.command(&["user"]);
    let mut child = command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    assert!(child.wait().unwrap().success(), "{arguments:?}");
}

/// A hall with its administrators and one clerk.
fn with_a_clerk() -> Workspace {
    let workspace = Workspace::new();
    let init = [
        "init",
        "--system",
        "sys01",
        "--security",
        "sec01",
        "--audit",
        "aud01",
    ];
    let names = ["赵一", "钱二", "孙三"].map(|name| format!("{name}\n{FIRST_PASSWORD}\n"));
    user(&workspace, &init, &names.concat());
    let add = ["add", "c001", "--role", "clerk@site/centre"];
    user(&workspace, &add, &format!("李四\n{FIRST_PASSWORD}\n"));
    workspace
}

/// Sends a request on a connection of its own; the connection with its head read, and the head.
fn send(server: &Server, head: &str, body: &str) -> (BufReader<TcpStream>, String) {
    let mut stream = TcpStream::connect(&server.address).unwrap();
    stream.set_read_timeout(Some(GRACE + SLACK)).unwrap();
    let length = body.len();
    let request = format!(
        "{head}\r\nHost: {}\r\nContent-Length: {length}\r\n\r\n{body}",
        server.address
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(answer.read_line(&mut head).unwrap(), 0, "{head}");
    }
    (answer, head)
}

/// One step of signing in; the cookie to go on with.
fn step(server: &Server, method: &str, path: &str, cookie: &str, body: &Value) -> String {
    let head = format!(
        "{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Type: application/json\r\nCookie: {cookie}"
    );
    let (_, head) = send(server, &head, &body.to_string());
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let set = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("set-cookie").then_some(value)
    });
    let pair = set.map(|value| value.split(';').next().unwrap());
    pair.unwrap_or(cookie).to_owned()
}

/// Opens the event stream of the clerk's site.
fn open_stream(server: &Server) -> BufReader<TcpStream> {
    let body = json!({ "staff": "c001", "password": FIRST_PASSWORD });
    let cookie = step(server, "POST", "/api/v1/session", "", &body);
    let body = json!({ "password": OWN_PASSWORD });
    let cookie = step(server, "PUT", "/api/v1/session/password", &cookie, &body);
    let head = format!("GET /api/v1/sites/centre/events HTTP/1.1\r\nCookie: {cookie}");
    let (stream, head) = send(server, &head, "");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(head.contains("text/event-stream"), "{head}");
    stream
}

fn terminate(server: &Server) -> Instant {
    kill_process(Pid::from_child(&server.child), Signal::TERM).unwrap();
    Instant::now()
}

/// How the process ends; one that does not end in time is killed.
fn ended(child: &mut Child) -> ExitStatus {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if begun.elapsed() > GRACE + SLACK {
            child.kill().unwrap();
            panic!("the server does not stop");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn an_open_event_stream_is_given_its_grace_and_then_ended() {
    let workspace = with_a_clerk();
    let mut server = start(&workspace);
    let mut stream = open_stream(&server);
    let told = terminate(&server);
    let status = ended(&mut server.child);
    let took = told.elapsed();
    let log = workspace.log_text();
    assert_eq!(status.code(), Some(0), "{status}: {log}");
    assert!((GRACE..GRACE + SLACK).contains(&took), "{took:?}");
    assert!(log.contains("still open are ended"), "{log}");
    // Whoever listened is cut off and can see it.
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
    assert!(
        !rest.ends_with(b"0\r\n\r\n"),
        "a stream that ended by itself"
    );
}

#[test]
fn a_server_without_open_requests_stops_at_once() {
    let workspace = Workspace::new();
    let mut server = start(&workspace);
    let told = terminate(&server);
    let status = ended(&mut server.child);
    let took = told.elapsed();
    assert_eq!(status.code(), Some(0), "{status}: {}", workspace.log_text());
    assert!(took < GRACE / 2, "{took:?}");
}
