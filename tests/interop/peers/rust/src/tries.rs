// SPDX-License-Identifier: Apache-2.0
//! What is tried: each panics where it fails.
#![allow(deprecated)] // what 2026-07-28 deprecates is tried all the same

use std::collections::BTreeMap;
use std::pin::Pin;
use std::rc::Rc;

use base64::prelude::{BASE64_STANDARD, Engine};
use rmcp::model::*;
use rmcp::service::{PeerRequestOptions, ServiceError};
use serde_json::{from_value, json, to_value};

use crate::talk::{Talk, Wire, answer, params, text_of, until};

type T = Rc<Talk>;
pub type Run = fn(T) -> Pin<Box<dyn Future<Output = ()>>>;

macro_rules! named {
    ($($name:literal => $try:ident),* $(,)?) => { vec![$(($name, (|t| Box::pin($try(t))) as Run)),*] };
}

pub fn of(wire: Wire) -> Vec<(&'static str, Run)> {
    if wire == Wire::ModernTasks {
        return named! { "task and poll" => task_and_poll, "question in a task" => question_in_a_task,
        "cancelled task" => cancelled_task };
    }
    named! {
        "tools" => tools, "call" => call, "structured result" => structured_result,
        "every type of content" => every_type_of_content, "failed tool" => failed_tool,
        "wrong arguments" => wrong_arguments, "unknown tool" => unknown_tool, "progress" => progress,
        "log messages by level" => log_messages_by_level, "cancel" => cancel, "form" => form, "page" => page,
        "sampling" => sampling, "roots" => roots, "resources" => resources, "text" => text, "bytes" => bytes,
        "templates" => templates, "unknown resource" => unknown_resource, "updated" => updated,
        "lists that change" => lists_that_change, "prompts" => prompts, "prompt" => prompt,
        "completion" => completion,
    }
}

async fn tools(t: T) {
    let found = t.service.list_all_tools().await.unwrap();
    for name in ["echo", "wait", "weather", "ask_form"] {
        assert!(found.iter().any(|tool| tool.name == name), "{name}");
    }
    assert!(
        found
            .iter()
            .find(|tool| tool.name == "weather")
            .unwrap()
            .output_schema
            .is_some()
    );
}

async fn call(t: T) {
    assert_eq!(t.says("echo", json!({"text": "grüezi"})).await, "grüezi");
}

async fn structured_result(t: T) {
    let given = t
        .call("weather", json!({"city": "Oslo", "days": 3}))
        .await
        .unwrap()
        .structured_content
        .unwrap();
    let days: Vec<_> = given["days"]
        .as_array()
        .unwrap()
        .iter()
        .map(|day| &day["what"])
        .collect();
    assert_eq!(days, ["clear", "rain", "clear"]);
}

async fn every_type_of_content(t: T) {
    let content = to_value(t.call("contents", json!({})).await.unwrap().content).unwrap();
    let types: Vec<_> = content
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["type"])
        .collect();
    assert_eq!(
        types,
        ["text", "image", "audio", "resource", "resource_link"]
    );
}

async fn failed_tool(t: T) {
    assert_eq!(
        t.call("fail", json!({})).await.unwrap().is_error,
        Some(true)
    );
}

async fn wrong_arguments(t: T) {
    let result = t
        .call("weather", json!({"city": "Oslo", "days": 99}))
        .await
        .unwrap();
    assert_eq!(result.is_error, Some(true));
    assert!(text_of(&result).contains("days"), "{result:?}");
}

async fn unknown_tool(t: T) {
    match t.call("no_such_tool", json!({})).await {
        Err(ServiceError::McpError(error)) => assert_eq!(error.code, ErrorCode::INVALID_PARAMS),
        other => panic!("{other:?}"),
    }
}

async fn progress(t: T) {
    t.says("wait", json!({"steps": 3, "step_ms": 100})).await;
    until(
        || async { t.heard(|all| all.progress.len() >= 3) },
        "three notifications",
    )
    .await;
    assert_eq!(
        t.heard(|all| all.progress.last().copied()),
        Some((3.0, Some(3.0)))
    );
}

async fn at_level(t: &T, level: LoggingLevel) {
    let mut steps = params("wait", json!({"steps": 2, "step_ms": 10}));
    if t.modern {
        steps.meta.get_or_insert_default().set_log_level(level);
    } else {
        t.service
            .set_level(SetLevelRequestParams::new(level))
            .await
            .unwrap();
    }
    t.service.call_tool(steps).await.unwrap();
}

async fn log_messages_by_level(t: T) {
    at_level(&t, LoggingLevel::Error).await;
    assert!(t.heard(|all| all.logs.is_empty()));
    at_level(&t, LoggingLevel::Info).await;
    until(
        || async { t.heard(|all| all.logs.len() >= 2) },
        "two log messages",
    )
    .await;
    assert_eq!(t.heard(|all| all.logs[0].clone()), "step 1 is done");
}

async fn cancel(t: T) {
    let request = CallToolRequest::new(params("wait", json!({"steps": 1000, "step_ms": 50})));
    let running = t
        .service
        .send_cancellable_request(
            ClientRequest::CallToolRequest(request),
            PeerRequestOptions::no_options(),
        )
        .await
        .unwrap();
    until(
        || async { t.heard(|all| !all.progress.is_empty()) },
        "progress",
    )
    .await;
    running.cancel(Some("enough".into())).await.unwrap();
    assert_eq!(
        t.says("echo", json!({"text": "still there"})).await,
        "still there"
    );
}

async fn form(t: T) {
    let said = t.says("ask_form", json!({})).await;
    assert!(said.contains("soup") && said.contains("dessert"), "{said}");
}

async fn page(t: T) {
    assert_eq!(t.says("ask_page", json!({})).await, "Logged in.");
}

async fn sampling(t: T) {
    assert!(
        t.says("ask_model", json!({"text": "6 × 7?"}))
            .await
            .contains("forty-two")
    );
}

async fn roots(t: T) {
    assert!(
        t.says("ask_roots", json!({}))
            .await
            .contains("file:///srv/project")
    );
}

async fn resources(t: T) {
    let mut uris: Vec<_> = t
        .service
        .list_all_resources()
        .await
        .unwrap()
        .into_iter()
        .map(|one| one.uri.clone())
        .collect();
    uris.sort();
    assert_eq!(uris, ["every://about", "every://dot"]);
}

async fn read(t: &T, uri: &str) -> Result<ResourceContents, ServiceError> {
    Ok(t.service
        .read_resource(ReadResourceRequestParams::new(uri))
        .await?
        .contents
        .remove(0))
}

async fn reads_text(t: &T, uri: &str, wanted: &str) {
    match read(t, uri).await.unwrap() {
        ResourceContents::TextResourceContents { text, .. } => assert_eq!(text, wanted),
        other => panic!("{other:?}"),
    }
}

async fn text(t: T) {
    reads_text(&t, "every://about", "A server that shows every feature").await;
}

async fn bytes(t: T) {
    match read(&t, "every://dot").await.unwrap() {
        ResourceContents::BlobResourceContents { blob, .. } => {
            assert_eq!(BASE64_STANDARD.decode(blob).unwrap(), b"P5 1 1 255\n\x80");
        }
        other => panic!("{other:?}"),
    }
}

async fn templates(t: T) {
    let listed = t.service.list_all_resource_templates().await.unwrap();
    assert_eq!(listed[0].uri_template, "every://item/{number}");
    reads_text(&t, "every://item/7", "item 7").await;
}

async fn unknown_resource(t: T) {
    assert!(read(&t, "every://nothing").await.is_err());
}

/// Calls a tool until a listener hears of it: in 2026-07-28 a subscription, before it the handler.
async fn heard_of(
    t: &T,
    filter: SubscriptionFilter,
    tool: &'static str,
    heard: fn(&mut crate::talk::Heard) -> bool,
) {
    if t.modern {
        let mut listening = t.service.listen(filter).await.unwrap();
        t.says(tool, json!({})).await;
        listening.next().await.unwrap().expect("a notification");
        return listening.cancel().await.unwrap();
    }
    // Again: a session may listen (GET) a little after it began.
    until(
        || async {
            t.says(tool, json!({})).await;
            t.heard(heard)
        },
        tool,
    )
    .await;
}

async fn updated(t: T) {
    let uri = "every://dot";
    if !t.modern {
        t.service
            .subscribe(SubscribeRequestParams::new(uri))
            .await
            .unwrap();
    }
    let filter: SubscriptionFilter = from_value(json!({"resourceSubscriptions": [uri]})).unwrap();
    heard_of(&t, filter, "touch", |all| {
        all.updated.contains(&"every://dot".to_owned())
    })
    .await;
    if !t.modern {
        t.service
            .unsubscribe(UnsubscribeRequestParams::new(uri))
            .await
            .unwrap();
    }
}

async fn lists_that_change(t: T) {
    let filter: SubscriptionFilter = from_value(json!({"toolsListChanged": true})).unwrap();
    heard_of(&t, filter, "toggle", |all| all.changed > 0).await;
}

async fn prompts(t: T) {
    let listed = t.service.list_all_prompts().await.unwrap();
    assert_eq!(listed[0].name, "letter");
    assert_eq!(listed[0].arguments.as_ref().unwrap()[0].name, "to");
}

async fn prompt(t: T) {
    let given = json!({"name": "letter", "arguments": {"to": "Ada"}});
    let result = t
        .service
        .get_prompt(from_value(given).unwrap())
        .await
        .unwrap();
    let said: Vec<_> = result
        .messages
        .iter()
        .map(|one| to_value(one).unwrap()["content"]["text"].clone())
        .collect();
    assert_eq!(said, ["Write a letter to Ada.", "Dear Ada,"]);
}

async fn completion(t: T) {
    assert_eq!(
        t.service
            .complete_prompt_simple("letter", "to", "A")
            .await
            .unwrap(),
        ["Ada", "Alan"]
    );
    let item = "every://item/{number}";
    assert_eq!(
        t.service
            .complete_resource_simple(item, "number", "1")
            .await
            .unwrap(),
        ["1", "12"]
    );
}

/// Makes a task; its id.
async fn task(t: &T, name: &'static str, arguments: serde_json::Value) -> String {
    match t
        .service
        .call_tool_once(params(name, arguments))
        .await
        .unwrap()
    {
        CallToolResponse::Task(made) => made.task.task_id,
        other => panic!("no task: {other:?}"),
    }
}

async fn get(t: &T, id: &str) -> DetailedTask {
    t.service
        .get_task(GetTaskParams::new(id))
        .await
        .unwrap()
        .task
}

/// The text of its result, once it has ended.
async fn result_of(t: &T, id: &str) -> String {
    until(
        || async {
            !matches!(
                get(t, id).await.status(),
                TaskStatus::Working | TaskStatus::InputRequired
            )
        },
        "the end",
    )
    .await;
    match get(t, id).await.payload {
        TaskPayload::Completed { result } => text_of(&from_value(result.into()).unwrap()),
        other => panic!("{other:?}"),
    }
}

async fn task_and_poll(t: T) {
    let id = task(&t, "wait", json!({"steps": 2, "step_ms": 200})).await;
    assert_eq!(get(&t, &id).await.status(), TaskStatus::Working);
    assert_eq!(result_of(&t, &id).await, "waited 2 steps");
}

async fn question_in_a_task(t: T) {
    let id = task(&t, "ask_form", json!({})).await;
    until(
        || async { get(&t, &id).await.status() == TaskStatus::InputRequired },
        "a question",
    )
    .await;
    let TaskPayload::InputRequired { input_requests } = get(&t, &id).await.payload else {
        panic!("no question")
    };
    let answers: BTreeMap<_, _> = input_requests
        .into_keys()
        .map(|key| (key, answer(false)))
        .collect();
    t.service
        .update_task(UpdateTaskParams::new(&id, answers))
        .await
        .unwrap();
    assert!(result_of(&t, &id).await.contains("soup"));
}

async fn cancelled_task(t: T) {
    let id = task(&t, "wait", json!({"steps": 1000})).await;
    t.service
        .cancel_task(CancelTaskParams::new(&id))
        .await
        .unwrap();
    until(
        || async { get(&t, &id).await.status() == TaskStatus::Cancelled },
        "the end",
    )
    .await;
}
