//! Asking a running server whether it is ready: the container's health check, for which no other program is needed.

use std::{path::Path, sync::Arc, time::Duration};

use axum::http::{Request, Uri, header::HOST};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        self, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
        client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        crypto::CryptoProvider,
        pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
    },
};

use crate::{
    clock::{self, Clock},
    config::HealthArgs,
    tls,
};

const PROBE: &str = "/alfresco/api/-default-/public/alfresco/versions/1/probes/-ready-";

/// How long one try may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// The pause between two tries.
const PAUSE: Duration = Duration::from_millis(50);

/// Why a server is not known to be ready.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unhealthy {
    /// Not an address of the form `http://host:port` or `https://host:port`.
    #[error("invalid value '{0}' for '--url <URL>': expected an address such as http://127.0.0.1:8080")]
    Url(String),
    /// The authority's certificate cannot be used.
    #[error("cannot use {file}, which --ca names: {reason}")]
    Authority {
        /// The file.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Nobody answers there.
    #[error("no answer from {url}: {reason}")]
    NoAnswer {
        /// Who was asked.
        url: String,
        /// What went wrong.
        reason: String,
    },
    /// Somebody answers, but not that it is ready.
    #[error("{url} answers {status}")]
    NotReady {
        /// Who was asked.
        url: String,
        /// What it said.
        status: u16,
    },
}

/// Asks until the server is ready, on every port that is to be asked, or the patience that `args` allow is used up.
///
/// # Errors
/// What the last try found.
pub async fn health(args: &HealthArgs) -> Result<(), Unhealthy> {
    let connector = connector(args.ca.as_deref())?;
    let urls = args.url.clone().map_or_else(
        || {
            let encrypted = args.tls_port.map(|port| format!("https://127.0.0.1:{port}"));
            [format!("http://127.0.0.1:{}", args.port)].into_iter().chain(encrypted).collect()
        },
        |url| vec![url],
    );
    let targets = urls.iter().map(|url| Target::of(url)).collect::<Result<Vec<_>, _>>()?;
    let clock = Clock::system();
    let deadline = clock.now() + args.wait;
    for target in &targets {
        loop {
            let outcome = clock::within(PATIENCE, target.ask(&connector))
                .await
                .unwrap_or_else(|| Err(target.no_answer(&format_args!("nothing within {PATIENCE:?}"))));
            if outcome.is_ok() {
                break;
            }
            if clock.now() >= deadline {
                return outcome;
            }
            clock::real_sleep(PAUSE).await;
        }
    }
    Ok(())
}

struct Target {
    url: String,
    is_encrypted: bool,
    authority: String,
    host: String,
    port: u16,
}

impl Target {
    fn of(url: &str) -> Result<Self, Unhealthy> {
        let refuse = || Unhealthy::Url(url.to_owned());
        let uri: Uri = url.parse().map_err(|_| refuse())?;
        let (is_encrypted, usual_port) = match uri.scheme_str() {
            Some("http") => (false, 80),
            Some("https") => (true, 443),
            _ => return Err(refuse()),
        };
        let authority = uri.authority().ok_or_else(refuse)?;
        Ok(Self {
            url: url.to_owned(),
            is_encrypted,
            authority: authority.to_string(),
            host: authority.host().trim_start_matches('[').trim_end_matches(']').to_owned(),
            port: authority.port_u16().unwrap_or(usual_port),
        })
    }

    fn no_answer(&self, reason: &dyn std::fmt::Display) -> Unhealthy {
        Unhealthy::NoAnswer { url: self.url.clone(), reason: reason.to_string() }
    }

    async fn ask(&self, connector: &TlsConnector) -> Result<(), Unhealthy> {
        let stream =
            TcpStream::connect((self.host.as_str(), self.port)).await.map_err(|error| self.no_answer(&error))?;
        if self.is_encrypted {
            let name = ServerName::try_from(self.host.clone()).map_err(|error| self.no_answer(&error))?;
            let stream = connector.connect(name, stream).await.map_err(|error| self.no_answer(&error))?;
            self.ask_over(stream).await
        } else {
            self.ask_over(stream).await
        }
    }

    async fn ask_over(&self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Result<(), Unhealthy> {
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| self.no_answer(&error))?;
        let request = Request::get(PROBE)
            .header(HOST, &self.authority)
            .body(Empty::<bytes::Bytes>::new())
            .map_err(|error| self.no_answer(&error))?;
        // The connection is driven beside the question, and dropped with it.
        let answer = sender.send_request(request);
        tokio::pin!(answer);
        let response = tokio::select! {
            response = &mut answer => response,
            // It may end with the answer: that is then waiting.
            _ = connection => answer.await,
        };
        let status = response.map_err(|error| self.no_answer(&error))?.status();
        if status.is_success() {
            Ok(())
        } else {
            Err(Unhealthy::NotReady { url: self.url.clone(), status: status.as_u16() })
        }
    }
}

/// Trusts that authority, or whoever answers.
fn connector(ca: Option<&Path>) -> Result<TlsConnector, Unhealthy> {
    let refuse = |reason: String| Unhealthy::Authority {
        file: ca.map(|file| file.display().to_string()).unwrap_or_default(),
        reason,
    };
    let provider = tls::provider();
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| refuse(error.to_string()))?;
    let config = if let Some(file) = ca {
        let mut roots = RootCertStore::empty();
        let certificates = CertificateDer::pem_file_iter(file).map_err(|error| refuse(error.to_string()))?;
        for certificate in certificates {
            let certificate = certificate.map_err(|error| refuse(error.to_string()))?;
            roots.add(certificate).map_err(|error| refuse(error.to_string()))?;
        }
        if roots.is_empty() {
            return Err(refuse("it holds no certificate in PEM".to_owned()));
        }
        builder.with_root_certificates(roots).with_no_client_auth()
    } else {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(Anyone(provider))).with_no_client_auth()
    };
    Ok(Arc::new(config).into())
}

/// Takes every certificate, as long as its owner has the key. The probe sends no secret, and its answer is no secret.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.0.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
