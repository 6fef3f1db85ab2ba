//! A real browser, without a window, spoken to over its DevTools protocol.
//!
//! The messages go through two pipes: there is no port that another program could find, and the
//! browser ends when the pipes close.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

/// The program, as Debian's package calls it.
pub const CHROMIUM: &str = "chromium";

/// A browser that says nothing for so long hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// A browser with one tab.
#[derive(Debug)]
pub struct Browser {
    child: Child,
    to: RefCell<ChildStdin>,
    from: Receiver<Value>,
    state: RefCell<State>,
    _profile: tempfile::TempDir,
}

#[derive(Debug, Default)]
struct State {
    last: u64,
    session: Option<String>,
    /// What happened and was not asked for yet.
    events: VecDeque<Value>,
}

impl Browser {
    /// Starts one.
    #[must_use]
    pub fn start() -> Self {
        let profile = tempfile::tempdir().expect("a folder for the browser's profile");
        // The browser reads messages from descriptor 3 and writes them to 4.
        let mut child = Command::new("sh")
            .arg("-c")
            .arg("exec \"$@\" 3<&0 4>&1 0</dev/null 1>/dev/null")
            .arg("sh")
            .arg(CHROMIUM)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--hide-scrollbars",
                "--remote-debugging-pipe",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the browser starts");
        let to = child.stdin.take().expect("it has a way in");
        let mut out = BufReader::new(child.stdout.take().expect("it has a way out"));
        let (sender, from) = channel();
        std::thread::spawn(move || {
            let mut message = Vec::new();
            // Messages end with a zero byte.
            while out.read_until(0, &mut message).is_ok_and(|read| read > 0) {
                message.pop();
                let Ok(value) = serde_json::from_slice(&message) else {
                    return;
                };
                if sender.send(value).is_err() {
                    return;
                }
                message.clear();
            }
        });
        let browser = Self {
            child,
            to: RefCell::new(to),
            from,
            state: RefCell::new(State::default()),
            _profile: profile,
        };
        let target = browser.call("Target.createTarget", json!({"url": "about:blank"}));
        let attached = browser.call(
            "Target.attachToTarget",
            json!({"targetId": target["targetId"], "flatten": true}),
        );
        browser.state.borrow_mut().session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        browser
    }

    /// Asks for something, and answers what came of it.
    ///
    /// # Panics
    ///
    /// It failed, or the browser does not answer.
    pub fn call(&self, method: &str, parameters: Value) -> Value {
        let mut message = json!({"method": method, "params": parameters});
        let number = {
            let mut state = self.state.borrow_mut();
            state.last += 1;
            message["id"] = state.last.into();
            if let Some(session) = &state.session {
                message["sessionId"] = session.as_str().into();
            }
            state.last
        };
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        let mut to = self.to.borrow_mut();
        to.write_all(&bytes).expect("the browser listens");
        to.flush().expect("the browser listens");
        loop {
            let answer = self.next();
            if answer["id"] == number {
                assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
                return answer["result"].clone();
            }
            self.state.borrow_mut().events.push_back(answer);
        }
    }

    fn next(&self) -> Value {
        match self.from.recv_timeout(PATIENCE) {
            Ok(message) => message,
            Err(error) => panic!("the browser says nothing: {error}"),
        }
    }

    /// Waits until something happens, and answers what is known of it.
    pub fn wait_for(&self, event: &str) -> Value {
        loop {
            let next = self.state.borrow_mut().events.pop_front();
            let message = next.unwrap_or_else(|| self.next());
            if message["method"] == event {
                return message["params"].clone();
            }
        }
    }

    /// What happened since it was last asked, by the name of the event.
    #[must_use]
    pub fn happened(&self) -> Vec<(String, Value)> {
        let events = std::mem::take(&mut self.state.borrow_mut().events);
        let named = |event: Value| {
            let name = event["method"].as_str()?.to_owned();
            Some((name, event["params"].clone()))
        };
        events.into_iter().filter_map(named).collect()
    }

    /// Opens a file, and answers what happened until it was there with all that belongs to it.
    #[must_use]
    pub fn open(&self, file: &Path) -> Vec<(String, Value)> {
        let _ = self.happened();
        let answer = self.call(
            "Page.navigate",
            json!({"url": format!("file://{}", file.display())}),
        );
        assert!(answer["errorText"].is_null(), "{answer}");
        let mut events = Vec::new();
        loop {
            events.extend(self.happened());
            if events.iter().any(|(name, _)| name == "Page.loadEventFired") {
                break;
            }
            let message = self.next();
            self.state.borrow_mut().events.push_back(message);
        }
        // A picture is of a page that is laid out, with all that this asks for.
        let corner = json!({"x": 0, "y": 0, "width": 1, "height": 1, "scale": 1});
        self.call("Page.captureScreenshot", json!({"clip": corner}));
        events.extend(self.happened());
        events
    }

    /// The value of an expression in the page.
    ///
    /// # Panics
    ///
    /// The expression throws.
    pub fn evaluate(&self, expression: &str) -> Value {
        let answer = self.call(
            "Runtime.evaluate",
            json!({"expression": expression, "returnByValue": true, "awaitPromise": true}),
        );
        let thrown = &answer["exceptionDetails"];
        assert!(thrown.is_null(), "{expression}: {thrown}");
        answer["result"]["value"].clone()
    }

    /// Makes the window so wide, and says whether its owner likes it dark.
    pub fn look(&self, width: u32, dark: bool) {
        self.call(
            "Emulation.setDeviceMetricsOverride",
            json!({"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500}),
        );
        let scheme = if dark { "dark" } else { "light" };
        self.call(
            "Emulation.setEmulatedMedia",
            json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]}),
        );
    }

    /// Presses a key and lets it go.
    pub fn press(&self, key: &str) {
        let (code, text) = match key {
            "Enter" => (13, "\r"),
            "Tab" => (9, ""),
            " " => (32, " "),
            _ => (0, key),
        };
        for kind in ["keyDown", "keyUp"] {
            let mut event = json!({"type": kind, "key": key, "windowsVirtualKeyCode": code});
            if kind == "keyDown" && !text.is_empty() {
                event["text"] = text.into();
            }
            self.call("Input.dispatchKeyEvent", event);
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It is one process group's worth of processes, which end with the first.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
