//! The server over real TLS, under good and bad company.

use super::*;
use crate::io::clock;
use crate::io::control::{Asker, Control};
use crate::io::pki::{Authority, Issued, Paper};
use axum::Router;
use axum::extract::{Extension, State};
use axum::routing::{get, post};
use rustls::pki_types::ServerName;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

const HOUR: Duration = Duration::from_hours(1);

struct Plant {
    folder: tempfile::TempDir,
    authority: Authority,
}

fn plant() -> Plant {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::create(&folder.path().join("pki"), "Test CA", clock::both().wall).unwrap();
    Plant { folder, authority }
}

impl Plant {
    fn issue(&self, paper: Paper, name: &str, names: &[String]) -> Issued {
        self.authority.issue(paper, name, names, HOUR, clock::both().wall).unwrap()
    }

    fn listen(&self, limits: Limits, revoked: bool) -> Listen {
        let server = self.issue(Paper::Server, "server", &["127.0.0.1".to_owned()]);
        let revoked = revoked.then(|| std::fs::read(self.authority.list_path()).unwrap());
        let clients = Clients { ca: self.authority.certificate_pem().into(), revoked };
        let tls = Tls {
            certificate: server.certificate_pem.into(),
            key: server.key_pem.into(),
            clients: Some(clients),
        };
        Listen { address: "127.0.0.1:0".parse().unwrap(), tls, limits }
    }

    /// A client that speaks TLS 1.3 and shows this certificate.
    fn client(&self, shown: &Issued, address: SocketAddr) -> Client {
        let identity = crate::io::pki::Identity::from_pem(
            self.authority.certificate_pem().as_bytes(),
            shown.certificate_pem.as_bytes(),
            shown.key_pem.as_bytes(),
        );
        Client { config: identity.unwrap().client_config().unwrap(), address }
    }

    /// Runs `client` beside a server whose loop doubles numbers.
    fn beside_a_server(
        &self,
        limits: Limits,
        revoked: bool,
        client: impl FnOnce(SocketAddr) + Send + 'static,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut control = Control::open(&self.folder.path().join("control.sock")).unwrap();
            let server = Server::bind(&self.listen(limits, revoked)).unwrap();
            let address = server.address();
            let _serving = server.serve(routes(control.asker()));
            let mut client = tokio::task::spawn_blocking(move || client(address));
            loop {
                tokio::select! {
                    done = &mut client => break done.unwrap(),
                    question = control.next() => {
                        let number: u32 = question.request().unwrap();
                        question.answer(&(number * 2));
                    }
                }
            }
        });
    }
}

fn routes(desk: Asker) -> Router {
    Router::new()
        .route("/who", get(async |Extension(peer): Extension<Peer>| peer.name().unwrap_or("-").to_owned()))
        .route("/serial", get(async |Extension(peer): Extension<Peer>| peer.shown.unwrap().serial))
        .route("/length", post(async |body: String| body.len().to_string()))
        .route("/double", get(double))
        .route("/never", get(async || std::future::pending::<()>().await))
        .with_state(desk)
}

async fn double(State(desk): State<Asker>) -> Result<String, crate::io::control::ControlError> {
    Ok(desk.ask::<u32>(&21).await?.to_string())
}

struct Client {
    config: Arc<rustls::ClientConfig>,
    address: SocketAddr,
}

impl Client {
    /// All that comes back; nothing when the connection is refused.
    fn send(&self, request: &str) -> String {
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let tls = rustls::ClientConnection::new(Arc::clone(&self.config), name).unwrap();
        let mut stream = rustls::StreamOwned::new(tls, TcpStream::connect(self.address).unwrap());
        let _ = stream.write_all(request.as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8(answer).unwrap()
    }

    fn get(&self, path: &str) -> String {
        self.send(&format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"))
    }

    fn post(&self, length: usize) -> String {
        let head = format!(
            "POST /length HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
        );
        self.send(&(head + &"x".repeat(length)))
    }
}

#[test]
fn a_client_is_known_by_its_certificate_and_gets_the_loop_s_answer() {
    let plant = plant();
    let issued = plant.issue(Paper::Client, "press-2", &[]);
    let folder = tempfile::tempdir().unwrap();
    let stranger = Authority::create(folder.path(), "Test CA", clock::both().wall).unwrap();
    let stranger = stranger.issue(Paper::Client, "press-2", &[], HOUR, clock::both().wall).unwrap();
    let at = "127.0.0.1:1".parse().unwrap();
    let (good, bad) = (plant.client(&issued, at), plant.client(&stranger, at));
    plant.beside_a_server(Limits::default(), false, move |address| {
        let (good, bad) = (Client { address, ..good }, Client { address, ..bad });
        assert!(good.get("/who").ends_with("\r\n\r\npress-2"));
        assert!(good.get("/serial").ends_with(&issued.serial));
        assert!(good.get("/double").ends_with("\r\n\r\n42"));
        assert!(good.get("/nowhere").starts_with("HTTP/1.1 404"));
        assert_eq!(bad.get("/who"), "", "another CA's certificate");
    });
}

#[test]
fn a_revoked_certificate_ends_the_connection() {
    let plant = plant();
    let (good, bad) = (plant.issue(Paper::Client, "good", &[]), plant.issue(Paper::Client, "bad", &[]));
    plant.authority.revoke(&[&bad.serial], clock::both().wall).unwrap();
    let at = "127.0.0.1:1".parse().unwrap();
    let (good, bad) = (plant.client(&good, at), plant.client(&bad, at));
    plant.beside_a_server(Limits::default(), true, move |address| {
        assert!(Client { address, ..good }.get("/who").ends_with("good"));
        assert_eq!(Client { address, ..bad }.get("/who"), "");
    });
}

#[test]
fn long_bodies_and_heads_are_refused() {
    let plant = plant();
    let client = plant.client(&plant.issue(Paper::Client, "x", &[]), "127.0.0.1:1".parse().unwrap());
    plant.beside_a_server(Limits { body: 1000, ..Limits::default() }, false, move |address| {
        let client = Client { address, ..client };
        assert!(client.post(1000).ends_with("\r\n\r\n1000"));
        assert!(client.post(1001).starts_with("HTTP/1.1 413"));
        let head = format!("GET /who HTTP/1.1\r\nhost: x\r\nlong: {}\r\n\r\n", "x".repeat(64 * 1024));
        assert!(!client.send(&head).starts_with("HTTP/1.1 200"));
        let many = "a: b\r\n".repeat(200);
        assert!(client.send(&format!("GET /who HTTP/1.1\r\n{many}\r\n")).starts_with("HTTP/1.1 431"));
    });
}

#[test]
fn who_is_slow_is_cut_off_and_who_comes_too_often_is_let_out() {
    let plant = plant();
    let client = plant.client(&plant.issue(Paper::Client, "x", &[]), "127.0.0.1:1".parse().unwrap());
    let short = Duration::from_millis(300);
    let limits =
        Limits { of_address: 3, patience: short, request: short, connection: HOUR, ..Limits::default() };
    plant.beside_a_server(limits, false, move |address| {
        let client = Client { address, ..client };
        assert!(client.get("/never").starts_with("HTTP/1.1 408"));
        let half = "POST /length HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nxx";
        assert!(client.send(half).starts_with("HTTP/1.1 408"), "a body that does not come");
        assert!(
            !client.send("GET /who HTTP/1.1\r\n").starts_with("HTTP/1.1 200"),
            "a head that does not end"
        );
        // These say nothing; each is closed by the server, so that reading ends.
        let silent: Vec<_> = (0..9).map(|_| TcpStream::connect(address).unwrap()).collect();
        for mut stream in silent {
            let _ = stream.read_to_end(&mut Vec::new());
        }
        assert!(client.get("/who").ends_with("x"));
    });
}

#[test]
fn a_port_that_is_taken_and_a_key_of_another_are_named() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _entered = runtime.enter();
    let plant = plant();
    let mut listen = plant.listen(Limits::default(), false);
    let server = Server::bind(&listen).unwrap();
    listen.address = server.address();
    assert!(matches!(Server::bind(&listen), Err(HttpError::Listen { .. })));
    listen.address.set_port(0);
    listen.tls.key = plant.issue(Paper::Server, "other", &[]).key_pem.into();
    assert!(matches!(Server::bind(&listen), Err(HttpError::Tls { .. })));
}
