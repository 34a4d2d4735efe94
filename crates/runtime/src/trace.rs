//! W3C trace context: across HTTP calls, and through the outbox and the broker.

use opentelemetry::trace::{SpanContext, TraceContextExt};
use opentelemetry::{SpanId, TraceFlags, TraceId};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The `traceparent` of the current span, to be sent with a call or an event.
pub fn traceparent() -> Option<String> {
    let context = Span::current().context();
    let span = context.span();
    let span = span.span_context();
    span.is_valid().then(|| {
        format!(
            "00-{}-{}-{:02x}",
            span.trace_id(),
            span.span_id(),
            span.trace_flags().to_u8()
        )
    })
}

/// The trace id of the current span, for logs and timelines.
pub fn trace_id() -> Option<String> {
    let context = Span::current().context();
    let span = context.span();
    let span = span.span_context();
    span.is_valid().then(|| span.trace_id().to_string())
}

/// Makes `span` a child of the span that a received `traceparent` names. Nothing happens if it is absent or malformed. Call
/// it before the span is entered.
pub fn set_parent(span: &Span, traceparent: Option<&str>) {
    if let Some(parent) = traceparent.and_then(parse) {
        let _not_recorded =
            span.set_parent(opentelemetry::Context::new().with_remote_span_context(parent));
    }
}

fn parse(traceparent: &str) -> Option<SpanContext> {
    let mut parts = traceparent.trim().split('-');
    let (version, trace, span, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if version.len() != 2
        || version == "ff"
        || trace.len() != 32
        || span.len() != 16
        || flags.len() != 2
    {
        return None;
    }
    let context = SpanContext::new(
        TraceId::from_hex(trace).ok()?,
        SpanId::from_hex(span).ok()?,
        TraceFlags::new(u8::from_str_radix(flags, 16).ok()?),
        true,
        Default::default(),
    );
    context.is_valid().then_some(context)
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::TracerProvider;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[test]
    fn a_child_keeps_its_parents_trace() {
        let provider = opentelemetry_sdk::trace::SdkTracerProvider::builder().build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
        let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
        let span = tracing::info_span!("request");
        set_parent(
            &span,
            Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        );
        let _entered = span.enter();
        assert_eq!(trace_id().unwrap(), "0af7651916cd43dd8448eb211c80319c");
        let own = traceparent().unwrap();
        assert!(
            own.starts_with("00-0af7651916cd43dd8448eb211c80319c-") && own.ends_with("-01"),
            "{own}"
        );
        assert!(!own.contains("b7ad6b7169203331"));
    }

    #[test]
    fn malformed_headers_are_ignored() {
        for bad in [
            "",
            "00-x",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-zz-zz-01",
        ] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }
}
