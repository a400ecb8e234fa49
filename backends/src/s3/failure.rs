//! What an answer of the service, or the lack of one, means.

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use skiptrace_engine::store::StoreErrorKind;
use thiserror::Error;

use crate::retry::{Failure, Retry};

/// What the service said, in one line.
#[derive(Debug, Error)]
#[error("{0}")]
struct Said(String);

/// A failed request that the caller looks at before it counts as a failure.
#[derive(Debug)]
pub(super) enum Refusal {
    /// 412: the condition did not hold.
    Exists,
    /// 409: another request on the same object is under way. This one did nothing.
    Conflict(Failure),
    /// 404 with `NoSuchUpload`.
    NoSuchUpload,
    Failed(Failure),
}

impl Refusal {
    /// Returns the failure, for requests without conditions.
    pub(super) fn into_failure(self) -> Failure {
        match self {
            Refusal::Conflict(failure) | Refusal::Failed(failure) => failure,
            Refusal::Exists => Failure::lasting(StoreErrorKind::AlreadyExists),
            Refusal::NoSuchUpload => Failure::lasting(StoreErrorKind::Other)
                .caused_by(Said("the upload was aborted by someone else".to_owned())),
        }
    }
}

/// Returns the failure of an answer that no service of this kind gives, whatever its status says.
pub(super) fn foreign() -> Failure {
    let said = "the answer has no ETag, so it is not one of S3 but perhaps of a proxy";
    Failure::passing(StoreErrorKind::Unavailable).caused_by(Said(said.to_owned()))
}

/// Returns what `error` means, for a request made in `region`.
pub(super) fn refusal<E>(error: SdkError<E, HttpResponse>, region: Option<&str>) -> Refusal
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let code = error.code().unwrap_or_default().to_owned();
    let status = error.raw_response().map_or(0, |response| response.status().as_u16());
    match (&error, status, code.as_str()) {
        (SdkError::ServiceError(_), 412, _) => return Refusal::Exists,
        (SdkError::ServiceError(_), 404, "NoSuchUpload") => return Refusal::NoSuchUpload,
        _ => {}
    }
    let (kind, retry) = match (&error, error.raw_response()) {
        (SdkError::ServiceError(_), Some(response)) => answer(response, &code, region),
        // There was an answer, but not one of S3: cut short, or a proxy's page.
        (SdkError::ResponseError(_), _) => (StoreErrorKind::Unavailable, Retry::Soon),
        _ if causes(&error).any(|cause| cause.is::<CredentialsError>()) => {
            (StoreErrorKind::NoCredentials, Retry::Never)
        }
        (SdkError::DispatchFailure(_) | SdkError::TimeoutError(_), _) => {
            (StoreErrorKind::Unreachable, Retry::Soon)
        }
        _ => (StoreErrorKind::Other, Retry::Never),
    };
    let source = match (&error, error.message()) {
        (SdkError::ServiceError(_), Some(message)) if code.is_empty() => Said(message.to_owned()),
        (SdkError::ServiceError(_), Some("")) => Said(code),
        (SdkError::ServiceError(_), Some(message)) => Said(format!("{code}: {message}")),
        (SdkError::ServiceError(_), None) => Said(format!("status {status} {code}").trim_end().to_owned()),
        _ => Said(in_one_line(&error)),
    };
    let failure = Failure { kind, retry, source: Some(source.into()) };
    if status == 409 { Refusal::Conflict(failure) } else { Refusal::Failed(failure) }
}

fn answer(response: &HttpResponse, code: &str, region: Option<&str>) -> (StoreErrorKind, Retry) {
    let lasting = |kind| (kind, Retry::Never);
    let status = response.status().as_u16();
    let bucket_region = bucket_region(response);
    match (status, code) {
        (_, "NoSuchBucket") => lasting(StoreErrorKind::NoBucket),
        (
            301 | 307 | 400,
            "PermanentRedirect"
            | "TemporaryRedirect"
            | "AuthorizationHeaderMalformed"
            | "IllegalLocationConstraintException",
        )
        | (301, _) => lasting(StoreErrorKind::WrongRegion { region: bucket_region }),
        // A HEAD has no body that could hold a code.
        (400 | 403, _) if bucket_region.is_some() && bucket_region.as_deref() != region => {
            lasting(StoreErrorKind::WrongRegion { region: bucket_region })
        }
        (404, _) => lasting(StoreErrorKind::NotFound),
        (416, _) => lasting(StoreErrorKind::OutOfRange { size: total(response).unwrap_or(u64::MAX) }),
        (_, "RequestTimeout" | "SlowDown" | "ConditionalRequestConflict" | "OperationAborted") => {
            (StoreErrorKind::Unavailable, Retry::Soon)
        }
        (401 | 403, _) | (400, "ExpiredToken" | "InvalidToken" | "TokenRefreshRequired") => {
            lasting(StoreErrorKind::Forbidden)
        }
        (501, _) => lasting(StoreErrorKind::Unsupported(
            "the service lacks conditional writes (If-None-Match), which keep writers from overwriting each other",
        )),
        // An upload may fail after the service has begun to answer; and some proxies show their page with 200.
        (200..=299 | 408 | 409 | 425 | 429 | 500.., _) => (StoreErrorKind::Unavailable, Retry::Soon),
        _ => lasting(StoreErrorKind::Other),
    }
}

/// Returns the region the bucket is in, from the header or from the error's XML.
fn bucket_region(response: &HttpResponse) -> Option<String> {
    if let Some(region) = response.headers().get("x-amz-bucket-region") {
        return Some(region.to_owned());
    }
    let body = std::str::from_utf8(response.body().bytes()?).ok()?;
    let (_, rest) = body.split_once("<Region>")?;
    let (region, _) = rest.split_once("</Region>")?;
    Some(region.to_owned())
}

/// Returns the size of the object, which a 416 tells as `Content-Range: bytes */SIZE`.
fn total(response: &HttpResponse) -> Option<u64> {
    response.headers().get("content-range")?.strip_prefix("bytes */")?.parse().ok()
}

/// Returns what an error and all below it say, each once and without what the next one repeats.
fn in_one_line(error: &(dyn std::error::Error + 'static)) -> String {
    let mut said: Vec<String> = causes(error).map(ToString::to_string).collect();
    said.dedup();
    for at in (1..said.len()).rev() {
        if said[at - 1].ends_with(&said[at]) {
            said.remove(at);
        }
    }
    said.join(": ").replace('\n', " ")
}

fn causes<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source())
}
