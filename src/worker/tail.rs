//! The last that a child said on stderr, bounded, for the reason given when it dies.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt};

/// How many bytes are kept.
const KEPT_BYTES: usize = 2048;

/// How many characters are told.
const TOLD_CHARS: usize = 400;

/// A bounded copy of a stream's end, filled by a task of its own.
#[derive(Debug, Clone, Default)]
pub(super) struct Tail(Arc<Mutex<VecDeque<u8>>>);

impl Tail {
    /// Follows `stream` until it ends, so that its writer never waits.
    pub(super) fn follow(mut stream: impl AsyncRead + Unpin + Send + 'static) -> Self {
        let tail = Self::default();
        let kept = tail.clone();
        tokio::spawn(async move {
            let mut chunk = [0u8; 1024];
            while let Ok(count) = stream.read(&mut chunk).await {
                if count == 0 {
                    return;
                }
                kept.push(chunk.get(..count).unwrap_or_default());
            }
        });
        tail
    }

    /// What was kept, in one line, without anything but printable ASCII: libraries may quote a page.
    pub(super) fn text(&self) -> String {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let printable = kept.iter().map(|byte| match byte {
            b' '..=b'~' => char::from(*byte),
            _ => ' ',
        });
        let skipped = kept.len().saturating_sub(TOLD_CHARS);
        let text: String = printable.skip(skipped).collect();
        text.trim().to_string()
    }

    fn push(&self, bytes: &[u8]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(bytes);
        let surplus = kept.len().saturating_sub(KEPT_BYTES);
        kept.drain(..surplus);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_is_kept_and_told() {
        let tail = Tail::default();
        for _ in 0..5000 {
            tail.push("早x".as_bytes());
        }
        tail.push(b"the end\n");
        let text = tail.text();
        assert!(text.ends_with("the end"), "{text}");
        assert!(text.len() <= TOLD_CHARS && text.is_ascii());
        assert_eq!(tail.0.lock().unwrap().len(), KEPT_BYTES);
    }
}
