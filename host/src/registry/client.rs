//! Requests to one registry: scheme, credentials, limits, errors.

use std::cell::RefCell;
use std::io::Read as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;
use ureq::Body;
use ureq::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, LOCATION, WWW_AUTHENTICATE};
use ureq::http::{Method, Request, Response, Uri};

use super::auth::{Challenge, encode};
use super::manifest::{INDEX, MANIFEST, digest};
use super::{Error, Reference};

/// How registries are reached; see `[registry]` in the configuration. Holds secrets, so it is not shown.
#[derive(Clone)]
pub struct Access {
    /// Name and password, for registries that ask for them, or for those who give their tokens out.
    pub login: Option<(String, String)>,
    /// A token that is sent as it is.
    pub token: Option<String>,
    /// Plain HTTP for hosts that are not this machine.
    pub plain_http: bool,
    /// Certificates of authorities in PEM, instead of the public ones.
    pub authorities: Option<Vec<u8>>,
    /// One request may take so long.
    pub timeout: Duration,
    /// Bytes of a component at the most.
    pub most_bytes: u64,
}

/// Bytes of a manifest at the most, as registries have it.
const MOST_MANIFEST: u64 = 4 << 20;
/// Bytes of an error or a token at the most.
const MOST_ANSWER: u64 = 256 << 10;
/// Seconds until a connection has to stand.
const CONNECT_S: u64 = 10;

/// What registries answer.
mod status {
    pub(super) const OK: u16 = 200;
    pub(super) const CREATED: u16 = 201;
    pub(super) const ACCEPTED: u16 = 202;
    pub(super) const UNAUTHORIZED: u16 = 401;
    pub(super) const FORBIDDEN: u16 = 403;
    pub(super) const NOT_FOUND: u16 = 404;
}

/// A connection to the registry of a reference.
pub struct Client {
    agent: ureq::Agent,
    /// `https://registry.example`
    base: String,
    host: String,
    name: String,
    access: Access,
    /// What the registry took last.
    authorization: RefCell<Option<String>>,
}

impl Client {
    /// A client for the registry and the repository of a reference. Sends nothing yet.
    ///
    /// # Errors
    /// When the certificates cannot be read.
    pub fn new(reference: &Reference, access: Access) -> Result<Self, Error> {
        let plain = access.plain_http || reference.is_local();
        let mut tls = ureq::tls::TlsConfig::builder();
        if let Some(pem) = &access.authorities {
            let mut certificates = Vec::new();
            for item in ureq::tls::parse_pem(pem) {
                match item {
                    Ok(ureq::tls::PemItem::Certificate(certificate)) => certificates.push(certificate),
                    Ok(_) => {}
                    Err(error) => return Err(Error::Setup(format!("the authorities' certificates: {error}"))),
                }
            }
            if certificates.is_empty() {
                return Err(Error::Setup("the file of authorities has no certificate".to_owned()));
            }
            tls = tls.root_certs(certificates.into());
        }
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .https_only(!plain)
            .timeout_connect(Some(Duration::from_secs(CONNECT_S)))
            .timeout_global(Some(access.timeout))
            .user_agent(concat!("mortise/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls.build())
            .build()
            .new_agent();
        let scheme = if plain { "http" } else { "https" };
        Ok(Self {
            agent,
            base: format!("{scheme}://{}", reference.host),
            host: reference.host.clone(),
            name: reference.name.clone(),
            access,
            authorization: RefCell::new(None),
        })
    }

    /// Bytes of a component at the most.
    pub(super) fn most_bytes(&self) -> u64 {
        self.access.most_bytes
    }

    fn url(&self, rest: &str) -> String {
        format!("{}/v2/{}/{rest}", self.base, self.name)
    }

    /// The manifest of this tag or digest: its text, checked against the digest that was asked for; `None` if there
    /// is none.
    pub(super) fn manifest(&self, wanted: &str) -> Result<Option<Vec<u8>>, Error> {
        let what = format!("manifest {}:{wanted}", self.name);
        let accept = format!("{MANIFEST}, {INDEX}");
        let url = self.url(&format!("manifests/{wanted}"));
        let answer = self.send(&Method::GET, &url, &[(ACCEPT.as_str(), &accept)], None, &what)?;
        if answer.status().as_u16() == status::NOT_FOUND {
            return Ok(None);
        }
        let answer = good(answer, &[status::OK], &what)?;
        let text = self.read(answer, MOST_MANIFEST, &what)?;
        if wanted.starts_with("sha256:") {
            check(&text, wanted, &what)?;
        }
        Ok(Some(text))
    }

    /// Puts a manifest under a tag or its digest; gives the registry's answer.
    pub(super) fn put_manifest(&self, wanted: &str, media_type: &str, text: &[u8]) -> Result<Response<Body>, Error> {
        let what = format!("writing the manifest {}:{wanted}", self.name);
        let url = self.url(&format!("manifests/{wanted}"));
        let answer = self.send(&Method::PUT, &url, &[(CONTENT_TYPE.as_str(), media_type)], Some(text), &what)?;
        good(answer, &[status::CREATED, status::OK, status::ACCEPTED], &what)
    }

    /// A blob, checked against its digest and size.
    pub(super) fn blob(&self, wanted: &str, size: u64, most: u64, what: &str) -> Result<Vec<u8>, Error> {
        if size > most {
            return Err(Error::TooLarge { what: what.to_owned(), most });
        }
        let url = self.url(&format!("blobs/{wanted}"));
        let answer = self.send(&Method::GET, &url, &[], None, what)?;
        if answer.status().as_u16() == status::NOT_FOUND {
            return Err(Error::Missing(format!("{what} ({wanted})")));
        }
        let answer = good(answer, &[status::OK], what)?;
        let bytes = self.read(answer, size, what)?;
        check(&bytes, wanted, what)?;
        Ok(bytes)
    }

    /// Puts a blob, unless it is there; gives whether it was sent.
    pub(super) fn put_blob(&self, bytes: &[u8], what: &str) -> Result<bool, Error> {
        let wanted = digest(bytes);
        let url = self.url(&format!("blobs/{wanted}"));
        if self.send(&Method::HEAD, &url, &[], None, what)?.status().as_u16() == status::OK {
            return Ok(false);
        }
        let begun = self.send(&Method::POST, &self.url("blobs/uploads/"), &[], Some(b""), what)?;
        let begun = good(begun, &[status::ACCEPTED], what)?;
        let place = begun.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        let place = place.ok_or_else(|| Error::Form(format!("the registry does not say where {what} goes")))?;
        let place = if place.starts_with('/') { format!("{}{place}", self.base) } else { place.to_owned() };
        let joint = if place.contains('?') { '&' } else { '?' };
        let place = format!("{place}{joint}digest={}", encode(&wanted));
        let kind = [(CONTENT_TYPE.as_str(), "application/octet-stream")];
        good(self.send(&Method::PUT, &place, &kind, Some(bytes), what)?, &[status::CREATED], what)?;
        Ok(true)
    }

    /// The list of what refers to a manifest; `None` if the registry has no such interface.
    pub(super) fn referrers(&self, of: &str) -> Result<Option<Vec<u8>>, Error> {
        let what = format!("what refers to {of}");
        let url = self.url(&format!("referrers/{of}"));
        let answer = self.send(&Method::GET, &url, &[(ACCEPT.as_str(), INDEX)], None, &what)?;
        let kind = answer.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        // Some registries serve a page of their own for whatever they do not know.
        if answer.status().as_u16() == status::NOT_FOUND
            || (answer.status().as_u16() == status::OK && !kind.starts_with(INDEX))
        {
            return Ok(None);
        }
        let answer = good(answer, &[status::OK], &what)?;
        self.read(answer, MOST_MANIFEST, &what).map(Some)
    }

    /// Sends a request; when the registry asks who is there, says so and sends it again.
    fn send(
        &self,
        method: &Method,
        url: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
        what: &str,
    ) -> Result<Response<Body>, Error> {
        // Where a registry sends us elsewhere with a part, that place learns nothing of its credentials.
        let known = self.authorization.borrow().clone().or_else(|| self.bearer()).filter(|_| self.is_ours(url));
        let answer = self.once(method, url, headers, body, known.as_deref())?;
        if answer.status().as_u16() != status::UNAUTHORIZED || !self.is_ours(url) {
            return Ok(answer);
        }
        let challenges = answer.headers().get_all(WWW_AUTHENTICATE).iter();
        let challenge = challenges.filter_map(|value| value.to_str().ok()).find_map(Challenge::parse);
        let Some(authorization) = challenge.map(|it| self.answer(&it)).transpose()?.flatten() else {
            return Err(denied(answer, what));
        };
        let answer = self.once(method, url, headers, body, Some(&authorization))?;
        if answer.status().as_u16() == status::UNAUTHORIZED {
            return Err(denied(answer, what));
        }
        *self.authorization.borrow_mut() = Some(authorization);
        Ok(answer)
    }

    fn bearer(&self) -> Option<String> {
        self.access.token.as_ref().map(|token| format!("Bearer {token}"))
    }

    fn basic(&self) -> Option<String> {
        let (user, password) = self.access.login.as_ref()?;
        Some(format!("Basic {}", BASE64.encode(format!("{user}:{password}"))))
    }

    /// What is sent in answer to a challenge; `None` without credentials for it.
    fn answer(&self, challenge: &Challenge) -> Result<Option<String>, Error> {
        let Challenge::Bearer { realm, service, scope } = challenge else { return Ok(self.basic()) };
        if let Some(bearer) = self.bearer() {
            return Ok(Some(bearer));
        }
        let mut url = realm.clone();
        for (name, value) in [("service", service), ("scope", scope)] {
            if let Some(value) = value {
                url.push(if url.contains('?') { '&' } else { '?' });
                url.push_str(&format!("{name}={}", encode(value)));
            }
        }
        // The password goes to the registry itself or over TLS, whatever the registry says.
        let basic = self.basic().filter(|_| self.is_ours(&url) || url.starts_with("https://"));
        let what = format!("asking {realm} for a token");
        let answer = self.once(&Method::GET, &url, &[], None, basic.as_deref())?;
        let answer = good(answer, &[status::OK], &what)?;
        let text = self.read(answer, MOST_ANSWER, &what)?;
        let value: Value = serde_json::from_slice(&text).unwrap_or_default();
        let token = value["token"].as_str().or_else(|| value["access_token"].as_str());
        token.map(|token| Some(format!("Bearer {token}"))).ok_or_else(|| Error::Form(format!("{realm} gives no token")))
    }

    /// Whether an address is the registry's own: others get no credentials of it.
    fn is_ours(&self, url: &str) -> bool {
        url.parse::<Uri>().is_ok_and(|url| {
            url.authority().is_some_and(|authority| authority.as_str().eq_ignore_ascii_case(&self.host))
                && url.scheme_str().is_some_and(|scheme| self.base.starts_with(&format!("{scheme}://")))
        })
    }

    fn once(
        &self,
        method: &Method,
        url: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
        authorization: Option<&str>,
    ) -> Result<Response<Body>, Error> {
        let mut request = Request::builder().method(method.clone()).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(authorization) = authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let unreachable = |why: String| Error::Unreachable { url: url.to_owned(), why };
        let sent = match body {
            Some(body) => self.agent.run(request.body(body).map_err(|e| unreachable(e.to_string()))?),
            None => self.agent.run(request.body(()).map_err(|e| unreachable(e.to_string()))?),
        };
        sent.map_err(|error| unreachable(error.to_string()))
    }

    /// The body of an answer, up to a limit.
    fn read(&self, mut answer: Response<Body>, most: u64, what: &str) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        // One more than allowed tells a body that is too long from one that just fits.
        let mut reader = answer.body_mut().as_reader().take(most.saturating_add(1));
        reader
            .read_to_end(&mut bytes)
            .map_err(|error| Error::Unreachable { url: self.base.clone(), why: format!("{what}: {error}") })?;
        if bytes.len() as u64 > most {
            return Err(Error::TooLarge { what: what.to_owned(), most });
        }
        Ok(bytes)
    }
}

fn check(bytes: &[u8], wanted: &str, what: &str) -> Result<(), Error> {
    let found = digest(bytes);
    if found == wanted {
        return Ok(());
    }
    Err(Error::Digest { what: what.to_owned(), wanted: wanted.to_owned(), found })
}

/// The answer, if its status is one of these.
fn good(answer: Response<Body>, expected: &[u16], what: &str) -> Result<Response<Body>, Error> {
    let found = answer.status().as_u16();
    if expected.contains(&found) {
        return Ok(answer);
    }
    if [status::UNAUTHORIZED, status::FORBIDDEN].contains(&found) {
        return Err(denied(answer, what));
    }
    Err(Error::Refused { status: found, what: what.to_owned(), said: said(answer) })
}

fn denied(answer: Response<Body>, what: &str) -> Error {
    Error::Denied { status: answer.status().as_u16(), what: what.to_owned(), said: said(answer) }
}

/// The first error that a registry names, in the form of the distribution specification.
fn said(mut answer: Response<Body>) -> String {
    let text = answer.body_mut().with_config().limit(MOST_ANSWER).read_to_vec().unwrap_or_default();
    let value: Value = serde_json::from_slice(&text).unwrap_or_default();
    let error = &value["errors"][0];
    let words: Vec<&str> = ["code", "message"].iter().filter_map(|name| error[*name].as_str()).collect();
    let words: String = words.join(": ").chars().filter(|sign| !sign.is_control()).take(300).collect();
    if words.is_empty() { words } else { format!(" ({words})") }
}
