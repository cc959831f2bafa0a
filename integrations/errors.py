"""What can go wrong between us and a code host."""

from reviewer.errors import ReviewerError


class IntegrationError(ReviewerError):
    """Base of everything that this package raises on purpose."""


class SettingsError(IntegrationError):
    """A setting that keeps the service from starting; the message names the variable."""


class ForgedDeliveryError(IntegrationError):
    """A webhook whose signature, token or time does not hold."""


class MalformedDeliveryError(IntegrationError):
    """A genuine webhook whose body is not what the host documents; the message names the field."""


class HostError(IntegrationError):
    """A host refused or failed. `status` 0: no answer. `retry_after_s` None: the host did not say."""

    def __init__(self, message: str, status: int = 0, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.status, self.retry_after_s = status, retry_after_s


class PacedError(HostError):
    """We would ask a host for more than it takes: wait and try again, as often as need be. Nothing was sent."""


class CheckoutError(IntegrationError):
    """The commits of a change could not be brought here, or are more than the limits allow."""


class AnalysisError(IntegrationError):
    """The review process did not give a report: it failed, took too long or too much memory."""
