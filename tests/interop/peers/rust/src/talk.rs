// SPDX-License-Identifier: Apache-2.0
//! A connected client, what it answers, and what it heard.
#![allow(deprecated)] // what 2026-07-28 deprecates is tried all the same

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rmcp::model::*;
use rmcp::service::{NotificationContext, RequestContext, RunningService, ServiceError};
use rmcp::transport::{StreamableHttpClientTransport, TokioChildProcess};
use rmcp::{
    ClientHandler, ClientLifecycleMode, ErrorData, RoleClient, serve_client_with_lifecycle,
};
use serde_json::{Value, from_value, json};
use tokio::process::Command;

#[derive(Clone, Copy, PartialEq)]
pub enum Wire {
    Modern,
    ModernTasks,
    Legacy,
}

impl Wire {
    pub fn name(self) -> &'static str {
        match self {
            Wire::Modern => "2026-07-28",
            Wire::ModernTasks => "2026-07-28 with tasks",
            Wire::Legacy => "2025-11-25",
        }
    }
}

#[derive(Clone)]
pub enum To {
    Program(Vec<String>),
    Url(String),
}

#[derive(Default)]
pub struct Heard {
    pub progress: Vec<(f64, Option<f64>)>,
    pub logs: Vec<Value>,
    pub updated: Vec<String>,
    pub changed: usize,
}

#[derive(Clone)]
pub struct Host {
    config: ClientConfig,
    heard: Arc<Mutex<Heard>>,
}

/// What the user answers.
pub fn answer(url: bool) -> Value {
    if url {
        json!({"action": "accept"})
    } else {
        json!({"action": "accept", "content": {"dish": "soup", "dessert": true}})
    }
}

impl ClientHandler for Host {
    fn get_info(&self) -> ClientConfig {
        self.config.clone()
    }
    async fn create_elicitation(
        &self,
        asked: ElicitRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        Ok(from_value(answer(matches!(
            asked,
            ElicitRequestParams::UrlElicitationParams { .. }
        )))
        .unwrap())
    }
    async fn create_message(
        &self,
        _: CreateMessageRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<CreateMessageResult, ErrorData> {
        Ok(CreateMessageResult::new(
            SamplingMessage::assistant_text("forty-two"),
            "test".into(),
        ))
    }
    async fn list_roots(
        &self,
        _: RequestContext<RoleClient>,
    ) -> Result<ListRootsResult, ErrorData> {
        Ok(ListRootsResult::new(vec![
            Root::new("file:///srv/project").with_name("work"),
        ]))
    }
    async fn on_progress(
        &self,
        told: ProgressNotificationParam,
        _: NotificationContext<RoleClient>,
    ) {
        self.heard
            .lock()
            .unwrap()
            .progress
            .push((told.progress, told.total));
    }
    async fn on_logging_message(
        &self,
        told: LoggingMessageNotificationParam,
        _: NotificationContext<RoleClient>,
    ) {
        self.heard.lock().unwrap().logs.push(told.data);
    }
    async fn on_resource_updated(
        &self,
        told: ResourceUpdatedNotificationParam,
        _: NotificationContext<RoleClient>,
    ) {
        self.heard.lock().unwrap().updated.push(told.uri);
    }
    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.heard.lock().unwrap().changed += 1;
    }
}

pub struct Talk {
    pub service: RunningService<RoleClient, Host>,
    pub modern: bool,
    heard: Arc<Mutex<Heard>>,
}

impl Talk {
    pub async fn connect(to: &To, wire: Wire) -> Self {
        let heard = Arc::new(Mutex::new(Heard::default()));
        let mut capabilities = json!({
            "elicitation": {"form": {}, "url": {}}, "sampling": {}, "roots": {"listChanged": true}});
        if wire == Wire::ModernTasks {
            capabilities["extensions"] = json!({"io.modelcontextprotocol/tasks": {}});
        }
        let config = json!({"protocolVersion": "2025-11-25", "capabilities": capabilities,
                            "clientInfo": {"name": "rmcp", "version": "1.0.0"}});
        let host = Host {
            config: from_value(config).unwrap(),
            heard: heard.clone(),
        };
        let lifecycle = match wire {
            Wire::Legacy => ClientLifecycleMode::Initialize,
            _ => ClientLifecycleMode::Discover {
                preferred_versions: vec![ProtocolVersion::V_2026_07_28],
            },
        };
        let service = match to {
            To::Program(line) => {
                let mut command = Command::new(&line[0]);
                command.args(&line[1..]);
                let transport = TokioChildProcess::new(command).expect("the server starts");
                serve_client_with_lifecycle(host, transport, lifecycle).await
            }
            To::Url(url) => {
                let transport = StreamableHttpClientTransport::from_uri(url.as_str());
                serve_client_with_lifecycle(host, transport, lifecycle).await
            }
        };
        Talk {
            service: service.expect("connected"),
            modern: wire != Wire::Legacy,
            heard,
        }
    }

    pub fn heard<T>(&self, what: impl FnOnce(&mut Heard) -> T) -> T {
        what(&mut self.heard.lock().unwrap())
    }

    pub async fn call(
        &self,
        name: &'static str,
        arguments: Value,
    ) -> Result<CallToolResult, ServiceError> {
        self.service.call_tool(params(name, arguments)).await
    }

    /// The text of a result that is no error.
    pub async fn says(&self, name: &'static str, arguments: Value) -> String {
        let result = self.call(name, arguments).await.unwrap();
        assert_ne!(result.is_error, Some(true), "{result:?}");
        text_of(&result)
    }
}

pub fn params(name: &'static str, arguments: Value) -> CallToolRequestParams {
    CallToolRequestParams::new(name).with_arguments(arguments.as_object().unwrap().clone())
}

pub fn text_of(result: &CallToolResult) -> String {
    result
        .content
        .iter()
        .filter_map(|item| item.as_text())
        .map(|item| item.text.as_str())
        .collect()
}

/// Until it holds; panics after ten seconds.
pub async fn until<F: Future<Output = bool>>(mut holds: impl FnMut() -> F, what: &str) {
    for _ in 0..1000 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never: {what}");
}
