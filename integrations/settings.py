"""The service's settings: `REVIEWER_...` variables, read once at the entry point. A missing secret is a refusal."""

import re
import socket
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from integrations.errors import SettingsError

PREFIX = "REVIEWER_"
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_POSTGRES = re.compile(r"postgres(?:ql)?://")


class Settings(BaseSettings):
    """Every setting with its default; secrets print as stars. At least one host must be set up, or `api_only`.

    A webhook secret may be two, separated by a comma, while it is being changed.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="ignore", hide_input_in_errors=True
    )

    data_dir: Path = Path("reviewer-data")
    database_url: str = Field(default="", repr=False)  # it may hold a password
    worker_name: str = Field(default_factory=socket.gethostname)
    num_workers: int = Field(default=2, ge=0)
    sweep_s: float = Field(default=30.0, gt=0)
    redeliver_s: float = Field(default=300.0, gt=0)
    settle_s: float = Field(default=5.0, ge=0)
    log_level: str = "INFO"

    github_app_id: int = 0
    github_private_key_file: Path | None = None
    github_webhook_secret: SecretStr = SecretStr("")
    github_api_url: str = "https://api.github.com"
    github_url: str = "https://github.com"
    github_pause_s: float = Field(default=1.0, ge=0)

    gitlab_url: str = ""
    gitlab_token: SecretStr = SecretStr("")
    gitlab_webhook_secret: SecretStr = SecretStr("")
    gitlab_replay_window_s: int = Field(default=300, ge=1)

    api_only: bool = False
    api_requests_per_minute: int = Field(default=60, ge=1)
    scan_requests_per_minute: int = Field(default=100, ge=1)
    api_body_bytes: int = Field(default=10_000_000, ge=1_000)
    api_timeout_s: float = Field(default=120.0, gt=0)
    api_workers: int = Field(default=2, ge=1)

    max_body_bytes: int = Field(default=25_000_000, ge=1)
    review_timeout_s: float = Field(default=900.0, gt=0)
    review_memory_bytes: int = Field(default=6_000_000_000, ge=500_000_000)
    repository_bytes: int = Field(default=2_000_000_000, ge=1_000_000)
    max_repositories: int = Field(default=200, ge=1)
    reaction_days: int = Field(default=30, ge=0)
    retention_days: int = Field(default=90, ge=1)
    model: Path | None = None

    @field_validator("github_api_url", "github_url", "gitlab_url")
    @classmethod
    def _check_url(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://")):
            raise ValueError("expected an http(s) address, found another scheme or none")
        return value.rstrip("/")

    @field_validator("log_level")
    @classmethod
    def _check_level(cls, value: str) -> str:
        if value.upper() not in _LEVELS:
            raise ValueError(f"expected one of {', '.join(_LEVELS)}, found {value!r}")
        return value.upper()

    @model_validator(mode="after")
    def _check_hosts(self) -> "Settings":
        if self.github_app_id and not self.github_secrets:
            raise ValueError(f"{PREFIX}GITHUB_WEBHOOK_SECRET: expected a secret beside the app id, found none")
        if self.github_app_id and self.github_private_key_file is None:
            raise ValueError(f"{PREFIX}GITHUB_PRIVATE_KEY_FILE: expected a file beside the app id, found none")
        if self.gitlab_url and not self.gitlab_secrets:
            raise ValueError(f"{PREFIX}GITLAB_WEBHOOK_SECRET: expected a secret beside the URL, found none")
        if self.gitlab_url and not self.gitlab_token.get_secret_value():
            raise ValueError(f"{PREFIX}GITLAB_TOKEN: expected a token beside the URL, found none")
        if not self.github_app_id and not self.gitlab_url and not self.api_only:
            names = f"{PREFIX}GITHUB_APP_ID, {PREFIX}GITLAB_URL or {PREFIX}API_ONLY=true"
            raise ValueError(f"expected {names}, found none of them")
        return self

    @property
    def database(self) -> str:
        """The SQLAlchemy URL: what is set, by the driver that we bring, else SQLite in the data folder."""
        if self.database_url:
            return _POSTGRES.sub("postgresql+psycopg://", self.database_url, count=1)
        return f"sqlite:///{self.data_dir.absolute() / 'reviewer.sqlite'}"

    @property
    def github_secrets(self) -> tuple[str, ...]:
        """The secrets that a delivery may be signed with."""
        return _split(self.github_webhook_secret)

    @property
    def gitlab_secrets(self) -> tuple[str, ...]:
        """The same for GitLab."""
        return _split(self.gitlab_webhook_secret)


def load_settings() -> Settings:
    """The settings of this process's environment; raises SettingsError, which names the variable."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = f"{PREFIX}{str(first['loc'][0]).upper()}: " if first["loc"] else ""
        raise SettingsError(f"{name}{first['msg'].removeprefix('Value error, ')}") from error


def _split(secret: SecretStr) -> tuple[str, ...]:
    return tuple(one.strip() for one in secret.get_secret_value().split(",") if one.strip())
