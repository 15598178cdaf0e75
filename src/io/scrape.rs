//! Figures over HTTP for a scraper on this machine: `GET /metrics`, one answer a connection, everything bounded.

use super::questions::Questions;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};

/// The longest request head.
const HEAD_MAX: u64 = 8192;
const CONNECTIONS_MAX: usize = 8;
const PATIENCE: Duration = Duration::from_secs(5);

/// An open door for scrapers.
pub struct Scrape {
    questions: Questions<oneshot::Sender<String>>,
    address: SocketAddr,
}

impl Scrape {
    /// Listens at `address`. Needs a running tokio runtime.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let questions = Questions::from(listener, CONNECTIONS_MAX, |stream, questions| async {
            // Whoever hangs up or dawdles gets nothing; there is nobody to tell.
            let _ = tokio::time::timeout(PATIENCE, attend(stream, questions)).await;
        });
        Ok(Self { questions, address })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next scraper, who waits for the text. Cancelling the wait loses none.
    pub async fn next(&mut self) -> oneshot::Sender<String> {
        self.questions.next().await
    }
}

async fn attend(mut stream: TcpStream, questions: mpsc::Sender<oneshot::Sender<String>>) -> io::Result<()> {
    let head = read_head(&mut stream).await?;
    let answer = match target(&head) {
        Some("/metrics") => {
            let (reply, text) = oneshot::channel();
            let _ = questions.send(reply).await;
            let text = text.await.unwrap_or_default();
            response("200 OK", "application/openmetrics-text; version=1.0.0; charset=utf-8", &text)
        }
        Some(_) => response("404 Not Found", "text/plain", "figures are at /metrics\n"),
        None => response("400 Bad Request", "text/plain", "only GET is answered\n"),
    };
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}

/// The request up to the empty line, or as much as is read of one.
async fn read_head(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut limited = stream.take(HEAD_MAX);
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if limited.read_buf(&mut head).await? == 0 {
            break;
        }
    }
    Ok(head)
}

/// What a GET request asks for.
fn target(head: &[u8]) -> Option<&str> {
    let line = head.split(|&byte| byte == b'\r').next()?;
    let rest = std::str::from_utf8(line).ok()?.strip_prefix("GET ")?;
    let target = rest.strip_suffix(" HTTP/1.1").or_else(|| rest.strip_suffix(" HTTP/1.0"))?;
    target.split('?').next()
}

fn response(status: &str, kind: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};

    fn ask(request: &'static [u8]) -> String {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut scrape = Scrape::open("127.0.0.1:0".parse().unwrap()).await.unwrap();
            let address = scrape.address();
            let mut client = tokio::task::spawn_blocking(move || {
                let mut stream = std::net::TcpStream::connect(address).unwrap();
                // A door that closes early leaves a reset behind; what it said came before.
                let _ = stream.write_all(request);
                let _ = stream.shutdown(std::net::Shutdown::Write);
                let mut answer = Vec::new();
                let _ = stream.read_to_end(&mut answer);
                String::from_utf8(answer).unwrap()
            });
            loop {
                tokio::select! {
                    done = &mut client => break done.unwrap(),
                    reply = scrape.next() => reply.send("figure 7\n".to_owned()).unwrap(),
                }
            }
        })
    }

    #[test]
    fn figures_are_where_scrapers_look() {
        let answer = ask(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
        assert!(
            answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nfigure 7\n"),
            "{answer}"
        );
        assert!(answer.contains("Content-Length: 9\r\n"), "{answer}");
    }

    #[test]
    fn everything_else_is_refused() {
        assert!(ask(b"GET / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404 "));
        assert!(ask(b"POST /metrics HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 400 "));
        assert!(ask(b"\xff\xfe\r\n\r\n").starts_with("HTTP/1.1 400 "));
        assert!(ask(&[b'x'; HEAD_MAX as usize]).starts_with("HTTP/1.1 400 "));
    }
}
