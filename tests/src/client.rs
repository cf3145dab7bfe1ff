//! The smallest HTTP/1.1 client that keeps its connection: what is measured is the server.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A connection that is kept.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects to a port of this machine.
    ///
    /// # Errors
    /// When nobody listens there.
    pub async fn open(port: u16) -> std::io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(16 << 10) })
    }

    /// Sends a request and reads the whole answer: status and body.
    ///
    /// # Errors
    /// When the connection ends before the answer does.
    pub async fn send(&mut self, method: &str, path: &str, token: &str, body: &str) -> std::io::Result<(u16, Vec<u8>)> {
        self.send_bytes(method, path, token, "application/json", body.as_bytes()).await
    }

    /// Sends a request with a body of any type, as [`Self::send`] does.
    ///
    /// # Errors
    /// When the connection ends before the answer does.
    pub async fn send_bytes(
        &mut self,
        method: &str,
        path: &str,
        token: &str,
        media_type: &str,
        body: &[u8],
    ) -> std::io::Result<(u16, Vec<u8>)> {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\
             content-type: {media_type}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        // One write for what fits into a packet: the server is measured, not two wake-ups of it.
        self.stream.write_all(&[head.as_bytes(), body].concat()).await?;
        self.buffer.clear();
        let (head, length) = loop {
            self.fill().await?;
            if let Some(end) = self.buffer.windows(4).position(|w| w == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&self.buffer[..end]).to_lowercase();
                let length = head.lines().find_map(|l| l.strip_prefix("content-length:"));
                break (end + 4, length.and_then(|l| l.trim().parse().ok()).unwrap_or(0));
            }
        };
        while self.buffer.len() < head + length {
            self.fill().await?;
        }
        let status = std::str::from_utf8(&self.buffer[9..12]).ok().and_then(|s| s.parse().ok()).unwrap_or(0);
        Ok((status, self.buffer[head..head + length].to_vec()))
    }

    async fn fill(&mut self) -> std::io::Result<()> {
        let mut chunk = [0_u8; 8192];
        let n = self.stream.read(&mut chunk).await?;
        if n == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        self.buffer.extend_from_slice(&chunk[..n]);
        Ok(())
    }
}
