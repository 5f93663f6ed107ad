//! Single sign-on through the real HTTP server, against a real identity provider (npm `oidc-provider`).

use std::net::SocketAddr;

use counterfoil::app::App;
use counterfoil::config::Config;
use counterfoil::domain::{Actor, RequestId, StaffId};
use counterfoil::http::router;
use counterfoil::people::{NewPerson, Order, SecretText};
use reqwest::{Response, Url};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::people_sso::{Provider, SECRET};
use crate::window_hall::at_site;

struct Server {
    origin: String,
    app: App,
    people: counterfoil::people::People,
    provider: Provider,
    _folder: TempDir,
}

fn order(name: &str) -> Order {
    Order {
        by: Actor::new("cli:operator").unwrap(),
        request: RequestId::new(format!("test/{name}")).unwrap(),
        expected: None,
    }
}

impl Server {
    async fn start() -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let redirect = format!("{origin}/api/v1/session/oidc/callback");
        let provider = Provider::sending_back_to(&redirect);
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("sso.secret");
        std::fs::write(&secret, SECRET).unwrap();
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
        let text = format!(
            "[data]\nfolder = \"data\"\n[keys]\nfolder = \"keys\"\n[ocr]\nengine = \"recorded\"\nfolder = \"ocr\"\n[sso]\nissuer = \"{}\"\nclient_id = \"counterfoil\"\nclient_secret_file = \"{}\"\nredirect = \"{redirect}\"\n",
            provider.issuer,
            secret.display()
        );
        let config = folder.path().join("counterfoil.toml");
        std::fs::write(&config, text).unwrap();
        let config = Config::load(Some(&config), None, &|_| None).unwrap();
        let app = App::open(&config).await.unwrap();
        let service = app.service("machine token").unwrap();
        let people = service.people.clone();
        let routes = router(service).into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        let new = NewPerson {
            staff: StaffId::new("c001").unwrap(),
            name: SecretText::new("测试人员"),
            password: None,
            temporary: false,
            grants: vec![at_site(counterfoil::domain::access::Role::Clerk, "YLZX")],
        };
        people.enrol(&order("c001"), &new).await.unwrap();
        Self {
            origin,
            app,
            people,
            provider,
            _folder: folder,
        }
    }

    async fn link(&self, subject: &str) {
        let (staff, subject) = (StaffId::new("c001").unwrap(), SecretText::new(subject));
        let issuer = &self.provider.issuer;
        let order = order("link");
        let linked = self.people.link(&order, &staff, issuer, &subject);
        linked.await.unwrap();
    }
}

/// A browser: it keeps cookies by port, and follows where it is sent.
struct Browser {
    client: reqwest::Client,
    cookies: Vec<(u16, String, String)>,
}

impl Browser {
    fn new() -> Self {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        Self {
            client: client.build().unwrap(),
            cookies: Vec::new(),
        }
    }

    async fn get(&mut self, at: &Url) -> Response {
        let port = at.port().unwrap();
        let held = self.cookies.iter().filter(|(of, ..)| *of == port);
        let held: Vec<String> = held
            .map(|(_, name, value)| format!("{name}={value}"))
            .collect();
        let request = self
            .client
            .get(at.clone())
            .header("cookie", held.join("; "));
        let answer = request.send().await.unwrap();
        for set in answer.headers().get_all("set-cookie") {
            let pair = set.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies
                .retain(|(of, held, _)| *of != port || held != name);
            if !value.is_empty() {
                self.cookies.push((port, name.to_owned(), value.to_owned()));
            }
        }
        answer
    }

    /// Signs in as `subject`: from the hall's first step until it is back at the hall; the callback's address.
    async fn until_back(&mut self, server: &Server, subject: &str) -> Url {
        let start = Url::parse(&format!("{}/api/v1/session/oidc/start", server.origin)).unwrap();
        let sent = self.get(&start).await;
        assert_eq!(sent.status(), 303);
        let cookie = sent.headers()["set-cookie"].to_str().unwrap();
        for part in [
            "HttpOnly",
            "SameSite=Lax",
            "Path=/api/v1/session/oidc",
            "Max-Age=600",
        ] {
            assert!(cookie.contains(part), "{cookie}");
        }
        let mut at = Url::parse(sent.headers()["location"].to_str().unwrap()).unwrap();
        at.query_pairs_mut().append_pair("login_hint", subject);
        for _ in 0..10 {
            let answer = self.get(&at).await;
            assert!(answer.status().is_redirection(), "{}", answer.status());
            at = at
                .join(answer.headers()["location"].to_str().unwrap())
                .unwrap();
            if at.as_str().starts_with(&server.origin) {
                return at;
            }
        }
        panic!("the provider never sent the browser back");
    }
}

async fn json(answer: Response) -> Value {
    serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
}

async fn problem(answer: Response, status: u16, code: &str) -> Value {
    assert_eq!(answer.status(), status);
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let body = json(answer).await;
    assert_eq!(body["reason"]["code"], code, "{body}");
    let zh = body["reason"]["zh"].as_str().unwrap();
    let en = body["reason"]["en"].as_str().unwrap();
    assert!(!zh.is_ascii() && en.is_ascii(), "{body}");
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_linked_comes_back_with_a_session() {
    let server = Server::start().await;
    server.link("employee-4711").await;
    let mut browser = Browser::new();
    let back = browser.until_back(&server, "employee-4711").await;
    let done = browser.get(&back).await;
    assert_eq!(
        (
            done.status().as_u16(),
            done.headers()["location"].to_str().unwrap()
        ),
        (303, "/")
    );
    let cookies = done.headers().get_all("set-cookie").iter();
    let cookies: Vec<&str> = cookies.map(|set| set.to_str().unwrap()).collect();
    let session = cookies
        .iter()
        .find(|set| set.starts_with("counterfoil_session="))
        .unwrap();
    assert!(session.contains("HttpOnly") && session.contains("SameSite=Strict"));
    let here = Url::parse(&format!("{}/api/v1/session", server.origin)).unwrap();
    let shown = json(browser.get(&here).await).await;
    assert_eq!(
        (shown["staff"].as_str(), shown["stage"].as_str()),
        (Some("c001"), Some("full"))
    );
    // The same answer a second time, and in another browser, opens nothing.
    problem(browser.get(&back).await, 409, "nothing-begun").await;
    let stolen = browser.until_back(&server, "employee-4711").await;
    problem(Browser::new().get(&stolen).await, 409, "nothing-begun").await;
    let size = *server.app.ledger.published().borrow() as usize;
    for fact in server.app.ledger.entries(0, size).await.unwrap() {
        assert!(!String::from_utf8_lossy(&fact.bytes).contains("employee-4711"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_known_or_not_vouched_for_is_told_so() {
    let server = Server::start().await;
    let mut browser = Browser::new();
    let back = browser.until_back(&server, "stranger").await;
    problem(browser.get(&back).await, 401, "identity-not-linked").await;
    let mut back = browser.until_back(&server, "stranger").await;
    let forged: Vec<(String, String)> = back
        .query_pairs()
        .into_owned()
        .map(|(name, value)| {
            if name == "code" {
                (name, "forged".to_owned())
            } else {
                (name, value)
            }
        })
        .collect();
    back.query_pairs_mut().clear().extend_pairs(forged);
    problem(browser.get(&back).await, 401, "single-sign-on-failed").await;
    let refused = format!(
        "{}/api/v1/session/oidc/callback?error=access_denied&state=x",
        server.origin
    );
    let body = problem(
        browser.get(&Url::parse(&refused).unwrap()).await,
        401,
        "single-sign-on-failed",
    )
    .await;
    assert!(body["detail"].as_str().unwrap().contains("cancelled"));
    let nothing = format!("{}/api/v1/session/oidc/callback", server.origin);
    problem(
        browser.get(&Url::parse(&nothing).unwrap()).await,
        401,
        "single-sign-on-failed",
    )
    .await;
    drop(browser);
    // A provider that is away.
    let Server {
        origin,
        provider,
        app,
        ..
    } = server;
    drop(provider);
    let start = Url::parse(&format!("{origin}/api/v1/session/oidc/start")).unwrap();
    // What it published is believed for an hour, so the browser is still sent there.
    assert_eq!(Browser::new().get(&start).await.status(), 303);
    drop(app);
}
