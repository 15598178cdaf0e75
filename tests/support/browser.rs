//! A real browser: Debian's Chromium, without a window, driven through chromedriver by the WebDriver protocol.
//!
//! `Browser::start` says NOT RUN where there is none; with `TOLLGATE_REQUIRE_BROWSER=1` there must be one. What a page did
//! that its policy forbids is in the browser's log: [`Browser::quiet`].

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each user takes a part")]
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test may stop where it is wrong")]

use base64::Engine as _;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
const LOOK_EVERY: Duration = Duration::from_millis(200);
const LOOKS: u32 = 600;

pub struct Browser {
    driver: Child,
    session: String,
    agent: ureq::Agent,
    _profile: tempfile::TempDir,
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.agent.delete(&self.session).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn is_there() -> bool {
    let version =
        Command::new("chromedriver").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    let there = version.is_ok() && Path::new("/usr/bin/chromium").exists();
    let required = std::env::var_os("TOLLGATE_REQUIRE_BROWSER").is_some_and(|value| value == "1");
    assert!(there || !required, "a browser is required; install chromium and chromium-driver");
    there
}

impl Browser {
    /// A new browser that knows nobody, with scripts or without.
    pub fn start(scripts: bool) -> Option<Self> {
        if !is_there() {
            eprintln!("NOT RUN: there is no Chromium here; `make deps` installs it");
            return None;
        }
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let profile = tempfile::tempdir().unwrap();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let config = ureq::Agent::config_builder().http_status_as_error(false).proxy(None);
        let agent: ureq::Agent = config.build().into();
        let mut browser = Self { driver, session: String::new(), agent, _profile: profile };
        let base = format!("http://127.0.0.1:{port}");
        until("chromedriver answers", || browser.agent.get(format!("{base}/status")).call().is_ok());
        let started = browser.call("POST", &format!("{base}/session"), &browser.wishes(scripts));
        browser.session = format!("{base}/session/{}", started["sessionId"].as_str().unwrap());
        Some(browser)
    }

    fn wishes(&self, scripts: bool) -> Value {
        let mut args = vec![
            "--headless=new".to_owned(),
            format!("--user-data-dir={}", self._profile.path().display()),
            "--window-size=1280,900".to_owned(),
        ];
        let plain = [
            "no-sandbox",
            "disable-gpu",
            "disable-quic",
            "no-first-run",
            "disable-background-networking",
            "disable-component-update",
            "disable-sync",
            "disable-default-apps",
            "disable-dev-shm-usage",
            "no-proxy-server",
            "password-store=basic",
        ];
        args.extend(plain.map(|arg| format!("--{arg}")));
        let scripts = if scripts { 1 } else { 2 };
        let downloads = self._profile.path().join("downloads");
        json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "acceptInsecureCerts": true,
            "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {
                "binary": "/usr/bin/chromium",
                "args": args,
                "prefs": {
                    "profile.managed_default_content_settings.javascript": scripts,
                    "download.default_directory": downloads.display().to_string(),
                    "credentials_enable_service": false,
                },
            },
        }}})
    }

    fn call(&self, method: &str, url: &str, body: &Value) -> Value {
        let value = self.said(method, url, body);
        assert!(value["error"].is_null(), "{method} {url} {body}: {}", value["message"]);
        value
    }

    /// The driver's answer, which may be an error.
    fn said(&self, method: &str, url: &str, body: &Value) -> Value {
        let answer = match method {
            "GET" => self.agent.get(url).call(),
            _ => self.agent.post(url).header("content-type", "application/json").send(body.to_string()),
        };
        let text = answer.unwrap().body_mut().read_to_string().unwrap();
        let mut value: Value = serde_json::from_str(&text).unwrap();
        value["value"].take()
    }

    fn post(&self, what: &str, body: &Value) -> Value {
        self.call("POST", &format!("{}/{what}", self.session), body)
    }

    fn get(&self, what: &str) -> Value {
        self.call("GET", &format!("{}/{what}", self.session), &Value::Null)
    }

    /// Opens an address.
    pub fn open(&self, url: &str) {
        self.post("url", &json!({"url": url}));
    }

    pub fn url(&self) -> String {
        self.get("url").as_str().unwrap().to_owned()
    }

    fn elements(&self, using: &str, value: &str) -> Vec<String> {
        let found = self.post("elements", &json!({"using": using, "value": value}));
        found.as_array().unwrap().iter().map(|it| it[ELEMENT].as_str().unwrap().to_owned()).collect()
    }

    fn one(&self, using: &str, value: &str) -> String {
        let found = self.elements(using, value);
        found.first().unwrap_or_else(|| panic!("no {value} in {}:\n{}", self.url(), self.text())).clone()
    }

    /// All text that can be seen; none while one page gives way to the next.
    pub fn text(&self) -> String {
        let found = self.elements("css selector", "body");
        let Some(body) = found.first() else { return String::new() };
        let text = self.said("GET", &format!("{}/element/{body}/text", self.session), &Value::Null);
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Whether something is there.
    pub fn has(&self, css: &str) -> bool {
        !self.elements("css selector", css).is_empty()
    }

    /// What a field holds.
    pub fn value(&self, css: &str) -> String {
        let id = self.one("css selector", css);
        self.get(&format!("element/{id}/property/value")).as_str().unwrap().to_owned()
    }

    /// Clicks the link or button that reads so.
    pub fn click(&self, words: &str) {
        let that = format!("normalize-space(.)=\"{words}\"");
        self.click_id(&self.one("xpath", &format!("//a[{that}]|//button[{that}]|//summary[{that}]")));
    }

    pub fn click_css(&self, css: &str) {
        self.click_id(&self.one("css selector", css));
    }

    fn click_id(&self, id: &str) {
        self.post(&format!("element/{id}/click"), &json!({}));
    }

    /// Types into a field; a file's path into a file field.
    pub fn fill(&self, css: &str, text: &str) {
        let id = self.one("css selector", css);
        self.post(&format!("element/{id}/value"), &json!({"text": text}));
    }

    /// Width and height of the window, as a phone's or a screen's.
    pub fn resize(&self, width: u32, height: u32) {
        self.post("window/rect", &json!({"width": width, "height": height}));
    }

    /// Waits until the page reads so.
    pub fn until_reads(&self, words: &str) {
        until(words, || self.text().contains(words));
    }

    /// Keeps a picture in target/screenshots.
    pub fn picture(&self, name: &str) {
        let png = self.get("screenshot");
        let png = base64::engine::general_purpose::STANDARD.decode(png.as_str().unwrap()).unwrap();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), png).unwrap();
    }

    /// No page broke its policy, ran into an error, or asked for what is not there. The log is empty then.
    pub fn quiet(&self) {
        let log = self.post("se/log", &json!({"type": "browser"}));
        // A refused form is a page with a status; the browser notes that.
        let told = |line: &&Value| {
            !line["message"].as_str().unwrap().contains("the server responded with a status of")
        };
        let lines: Vec<_> = log.as_array().unwrap().iter().filter(told).collect();
        assert!(lines.is_empty(), "{lines:#?}");
    }
}

fn until(what: &str, so: impl Fn() -> bool) {
    for _ in 0..LOOKS {
        if so() {
            return;
        }
        std::thread::sleep(LOOK_EVERY);
    }
    panic!("{what}: not so");
}
