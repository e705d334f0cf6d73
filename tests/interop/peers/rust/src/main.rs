// SPDX-License-Identifier: Apache-2.0
//! rmcp 3 in both eras, over stdio and HTTP, with examples/everything, and with the tasks of 2026-07-28.
//! Prints TAP, and what failed on standard error; exit code 1 if anything failed.
//!
//!     peer SERVER

mod talk;
mod tries;

use std::process::{ExitCode, Stdio};
use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use talk::{Talk, To, Wire};

const LIMIT: Duration = Duration::from_secs(60); // for a server that says nothing

/// Serves over HTTP until the child is dropped.
async fn serve(server: &str, store: &str) -> (Child, String) {
    let mut child = Command::new(server)
        .args(["--http", "127.0.0.1:0", "--store", store])
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the server starts");
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if let Some(at) = line.find("http://127.0.0.1:") {
            let url = line[at..].split_whitespace().next().unwrap().to_owned();
            tokio::task::spawn_local(
                async move { while let Ok(Some(_)) = lines.next_line().await {} },
            );
            return (child, url);
        }
    }
    panic!("the server does not listen");
}

/// Whether it passed: a try that fails panics.
async fn attempt(to: &To, wire: Wire, run: tries::Run) -> bool {
    let trying = tokio::task::spawn_local({
        let to = to.clone();
        async move {
            let talk = Rc::new(Talk::connect(&to, wire).await);
            run(talk.clone()).await;
            if let Ok(talk) = Rc::try_unwrap(talk) {
                talk.service.cancel().await.expect("it ends");
            }
        }
    });
    matches!(tokio::time::timeout(LIMIT, trying).await, Ok(Ok(())))
}

async fn all(server: &str, state: &str) -> usize {
    let (_serving, url) = serve(server, &format!("sqlite:{state}/http.db")).await;
    let stdio = [
        server,
        "--stdio",
        "--store",
        &format!("sqlite:{state}/stdio.db"),
    ]
    .map(str::to_owned);
    let ways = [
        ("stdio", To::Program(stdio.to_vec())),
        ("HTTP", To::Url(url)),
    ];
    let (mut number, mut failed) = (0, 0);
    for wire in [Wire::Modern, Wire::ModernTasks, Wire::Legacy] {
        for (way, to) in &ways {
            for (name, run) in tries::of(wire) {
                number += 1;
                let passed = attempt(to, wire, run).await;
                failed += usize::from(!passed);
                println!(
                    "{}ok {number} - {} over {way}: {name}",
                    if passed { "" } else { "not " },
                    wire.name()
                );
            }
        }
    }
    println!("1..{number}");
    failed
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let server = std::env::args().nth(1).expect("usage: peer SERVER");
    let state = std::env::temp_dir().join(format!("longhaul-rmcp-{}", std::process::id()));
    std::fs::create_dir(&state).expect("a folder");
    let local = tokio::task::LocalSet::new();
    let failed = local.run_until(all(&server, state.to_str().unwrap())).await;
    let _ = std::fs::remove_dir_all(&state);
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
