// SPDX-License-Identifier: Apache-2.0
//! A server of rmcp 3 with the tools of fastmcp_server.py, which become tasks of 2026-07-28.
//!
//!     server [--http]     over stdio, or over HTTP on a free port, which it prints

use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use rmcp::model::*;
use rmcp::service::RequestContext;
use rmcp::task_manager::{TaskContext, TaskExit, TaskManager, TaskOptions};
use rmcp::transport::StreamableHttpService;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::{ErrorData, RoleServer, ServerHandler, ServiceExt};
use serde_json::{Value, from_value, json};
use tokio::net::TcpListener;

#[derive(Clone, Default)]
struct Kitchen {
    tasks: TaskManager,
}

fn tools() -> Vec<Tool> {
    let listed = json!([
        {"name": "steps", "description": "Takes its time, and says at each step how far it is.",
         "inputSchema": {"type": "object", "required": ["count"], "properties": {
            "count": {"type": "integer"}, "seconds": {"type": "number", "default": 0.3}}}},
        {"name": "forecast", "description": "A structured result.",
         "inputSchema": {"type": "object", "required": ["city"], "properties": {
            "city": {"type": "string"}, "days": {"type": "integer", "default": 3}}},
         "outputSchema": {"type": "object", "required": ["city", "days"], "properties": {
            "city": {"type": "string"}, "days": {"type": "array", "items": {"type": "object"}}}}},
        {"name": "order", "description": "Asks what there is to eat.", "inputSchema": {"type": "object"}},
        {"name": "burn", "description": "Fails as a tool fails: a completed task whose result is an error.",
         "inputSchema": {"type": "object"}},
        {"name": "refuse", "description": "Fails as a request fails: a failed task.",
         "inputSchema": {"type": "object"}},
        {"name": "echo", "description": "Never a task.",
         "inputSchema": {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}},
    ]);
    from_value(listed).unwrap()
}

fn text(words: impl Into<String>) -> CallToolResult {
    CallToolResult::success(vec![ContentBlock::text(words)])
}

async fn steps(task: TaskContext, given: Value) -> Result<CallToolResult, TaskExit> {
    let count = given["count"].as_u64().unwrap_or(1);
    let pause = Duration::from_secs_f64(given["seconds"].as_f64().unwrap_or(0.3));
    for step in 1..=count {
        task.set_status_message(format!("step {step} of {count}"));
        tokio::select! {
            _ = task.cancelled() => return Err(TaskExit::Cancelled),
            _ = tokio::time::sleep(pause) => {}
        }
    }
    Ok(text(format!("took {count} steps")))
}

fn forecast(given: Value) -> CallToolResult {
    let days: Vec<_> = (1..=given["days"].as_u64().unwrap_or(3))
        .map(|day| json!({"day": day, "what": if day % 2 == 1 { "clear" } else { "rain" }}))
        .collect();
    CallToolResult::structured(json!({"city": given["city"], "days": days}))
}

async fn order(task: TaskContext) -> Result<CallToolResult, TaskExit> {
    let asked = json!({"method": "elicitation/create", "params": {
        "mode": "form", "message": "What will it be?",
        "requestedSchema": {"type": "object", "required": ["dish"], "properties": {
            "dish": {"type": "string"}, "dessert": {"type": "boolean", "default": false}}}}});
    let said = task
        .request_input("meal", from_value(asked).unwrap())
        .await?;
    Ok(text(match said["action"].as_str() {
        Some("accept") => format!(
            "{}{}",
            said["content"]["dish"].as_str().unwrap_or(""),
            match said["content"]["dessert"].as_bool() {
                Some(true) => " and dessert",
                _ => "",
            }
        ),
        other => format!("nothing: {}", other.unwrap_or("")),
    }))
}

async fn work(tool: String, given: Value, task: TaskContext) -> Result<CallToolResult, TaskExit> {
    match tool.as_str() {
        "steps" => steps(task, given).await,
        "forecast" => Ok(forecast(given)),
        "order" => order(task).await,
        "burn" => Ok(CallToolResult::error(vec![ContentBlock::text(
            "the pan is on fire",
        )])),
        _ => Err(ErrorData::new(ErrorCode(-32050), "the kitchen is closed", None).into()),
    }
}

impl ServerHandler for Kitchen {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(
            ServerCapabilities::builder()
                .enable_tools()
                .enable_tasks()
                .build(),
        )
    }

    // rmcp knows no taskIds here: a listener is acknowledged with nothing, and hears nothing.
    fn accepted_subscription_filter(&self, _: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(SubscriptionFilter::default())
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(tools()))
    }

    async fn call_tool(
        &self,
        asked: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let given = Value::Object(asked.arguments.unwrap_or_default());
        if asked.name == "echo" {
            return Ok(CallToolResponse::Complete(text(
                given["text"].as_str().unwrap_or(""),
            )));
        }
        let options = TaskOptions::new().with_poll_interval_ms(200);
        let task = self.tasks.spawn(options, |task| {
            Box::pin(work(asked.name.into_owned(), given, task))
        });
        Ok(CallToolResponse::Task(CreateTaskResult::new(task)))
    }

    async fn get_task(
        &self,
        asked: GetTaskParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetTaskResult, ErrorData> {
        Ok(GetTaskResult::new(self.tasks.get_task(&asked.task_id)?))
    }

    async fn update_task(
        &self,
        asked: UpdateTaskParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.tasks
            .update_task(&asked.task_id, asked.input_responses)
    }

    async fn cancel_task(
        &self,
        asked: CancelTaskParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.tasks.cancel_task(&asked.task_id)
    }
}

async fn over_http() {
    let kitchen = Kitchen::default(); // one for all requests
    let service = StreamableHttpService::new(
        move || Ok(kitchen.clone()),
        Arc::new(LocalSessionManager::default()),
        Default::default(),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("http://{}/mcp", listener.local_addr().unwrap());
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        let service = TowerToHyperService::new(service.clone());
        tokio::spawn(async move {
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    if std::env::args().any(|word| word == "--http") {
        return over_http().await;
    }
    let serving = Kitchen::default()
        .serve(rmcp::transport::stdio())
        .await
        .expect("it begins");
    let _ = serving.waiting().await;
}
