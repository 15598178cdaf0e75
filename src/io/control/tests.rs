//! The socket under good and bad company.

use super::*;
use serde::{Deserialize, Serialize};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

#[derive(Serialize, Deserialize)]
struct Sum {
    left: u32,
    right: u32,
}

/// Runs `client` beside a server that adds, and refuses to add zero.
fn beside_a_server(client: impl FnOnce(&Path) + Send + 'static) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deeper").join("control.sock");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut control = Control::open(&path).unwrap();
        let place = path.clone();
        let mut client = tokio::task::spawn_blocking(move || client(&place));
        loop {
            tokio::select! {
                done = &mut client => break done.unwrap(),
                question = control.next() => add(question),
            }
        }
    });
    assert!(!path.exists(), "the socket goes with its program");
}

fn add(question: Question) {
    match question.request::<Sum>() {
        Ok(Sum { left: 0, .. }) => question.refuse("nothing to add to"),
        Ok(Sum { left, right }) => question.answer(&(left + right)),
        Err(error) => question.refuse(&error.to_string()),
    }
}

#[test]
fn a_question_gets_its_answer_or_the_refusal() {
    beside_a_server(|path| {
        assert_eq!(ask::<u32>(path, &Sum { left: 2, right: 3 }).unwrap(), 5);
        let refused = ask::<u32>(path, &Sum { left: 0, right: 3 });
        assert!(matches!(refused, Err(ControlError::Refused(why)) if why == "nothing to add to"));
        let nonsense = ask::<u32>(path, &"no sum");
        assert!(matches!(nonsense, Err(ControlError::Refused(why)) if why.contains("invalid type")));
        assert!(matches!(ask::<String>(path, &Sum { left: 2, right: 3 }), Err(ControlError::Answer(_))));
    });
}

#[test]
fn only_owner_and_group_may_connect() {
    beside_a_server(|path| {
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o660);
    });
}

#[test]
fn a_line_without_end_is_refused_and_who_says_nothing_holds_up_nobody() {
    beside_a_server(|path| {
        let silent: Vec<_> = (1..CONNECTIONS_MAX).map(|_| UnixStream::connect(path).unwrap()).collect();
        let mut endless = UnixStream::connect(path).unwrap();
        // More than is read: the rest meets a closed door.
        let _ = endless.write_all(&vec![b'x'; REQUEST_MAX + 1]);
        let mut answer = String::new();
        let _ = endless.read_to_string(&mut answer);
        assert!(answer.is_empty() || answer.contains("refused"), "{answer}");
        assert_eq!(ask::<u32>(path, &Sum { left: 1, right: 1 }).unwrap(), 2);
        drop(silent);
    });
}

#[test]
fn the_socket_of_a_dead_program_is_replaced_that_of_a_living_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control.sock");
    drop(UnixListener::bind(&path).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _entered = runtime.enter();
    let living = Control::open(&path).unwrap();
    assert!(matches!(Control::open(&path), Err(ControlError::InUse(_))));
    drop(living);
    assert!(Control::open(&path).is_ok());
}

#[test]
fn what_is_no_socket_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("precious");
    std::fs::write(&path, "data").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _entered = runtime.enter();
    assert!(matches!(Control::open(&path), Err(ControlError::NoSocket(_))));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "data");
}

#[test]
fn nobody_there_is_said_with_the_next_step() {
    let error = ask::<u32>(Path::new("/nonexistent/control.sock"), &1).unwrap_err().to_string();
    assert!(error.contains("is the program running"), "{error}");
}

#[test]
fn a_task_of_the_program_asks_too_and_a_full_queue_is_busy() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut control = Control::open(&folder.path().join("control.sock")).unwrap();
        let asker = control.asker();
        let ask = |left| {
            let asker = asker.clone();
            tokio::spawn(async move { asker.ask::<u32>(&Sum { left, right: 1 }).await })
        };
        let waiting: Vec<_> = (0..=CONNECTIONS_MAX).map(|left| ask(u32::try_from(left).unwrap())).collect();
        tokio::task::yield_now().await;
        for _ in 0..CONNECTIONS_MAX {
            add(control.next().await);
        }
        let mut answers = Vec::new();
        for one in waiting {
            answers.push(one.await.unwrap());
        }
        assert!(matches!(&answers[0], Err(ControlError::Refused(why)) if why == "nothing to add to"));
        assert!(matches!(answers[1], Ok(2)));
        assert!(matches!(answers[CONNECTIONS_MAX], Err(ControlError::Busy)));
    });
}
