"""
Settings: one file for every machine; machines differ only by environment variables.

Variables read: ``DATABASE_URL`` (empty: SQLite under ``PIUTEMPO_VAR``), ``SECRET_KEY``, ``CODE_KEY`` (signs title
codes),
``SEAL_KEY`` (encrypts sensitive data), ``PIUTEMPO_MODE`` (``production``, ``demo`` or ``test``), ``PIUTEMPO_VAR``
(where files live), ``ALLOWED_HOSTS``, ``CSRF_TRUSTED_ORIGINS``, ``BODY_NAME``, ``CONTACT_EMAIL``, ``CONTACT_PHONE``,
``SITE_URL``,
``ACCESSIBILITY_STATEMENT_URL``, ``REGISTER_CODE`` and ``PROTOCOL_ADAPTER`` (the protocol register), ``EMAIL_URL`` and
``SEND_ADAPTER`` (how letters leave), ``ISEE_ADAPTER`` and ``ISEE_BENEFIT`` (asking INPS).
"""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlparse

from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("PIUTEMPO_VAR", BASE_DIR / "var"))
MODE = os.environ.get("PIUTEMPO_MODE", "production")
if MODE not in {"production", "demo", "test"}:
    raise ImproperlyConfigured(f"PIUTEMPO_MODE must be production, demo or test, got {MODE!r}")
IS_DEMO = MODE == "demo"
IS_TEST = MODE == "test"
DEBUG = False


def secret(name: str) -> str:
    """Return a secret from the environment; outside production a fixed one, so that a demo restarts unchanged."""
    value = os.environ.get(name, "")
    if not value and MODE == "production":
        raise ImproperlyConfigured(f"{name} must be set in production. See docs/ARCHITECTURE.md, section Settings.")
    return value or f"piutempo-{MODE}-{name.lower()}-not-for-production"


SECRET_KEY = secret("SECRET_KEY")
CODE_KEY = secret("CODE_KEY")
SEAL_KEY = secret("SEAL_KEY")

ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1],testserver").split(",")
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("CSRF_TRUSTED_ORIGINS", "").split(",") if o]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "axes",
    "csp",
    "django_htmx",
    "django_filters",
    "piutempo.ui",
    "piutempo.ledger",
    "piutempo.records",
    "piutempo.people",
    "piutempo.correspondence",
    "piutempo.programmes",
    "piutempo.procedures",
    "piutempo.network",
    "piutempo.awards",
    "piutempo.applications",
    "piutempo.reception",
    "piutempo.vouchers",
    "piutempo.settlements",
    "piutempo.controls",
    "piutempo.reporting",
    "piutempo.portals",
    "piutempo.replay",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "piutempo.ui.middleware.StaffLanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "piutempo.people.middleware.ClockMiddleware",
    "piutempo.people.middleware.RolesMiddleware",
    "piutempo.ui.middleware.AddressMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "piutempo.ui.context_processors.site",
                "piutempo.portals.navigation.navigation",
            ],
            "builtins": ["piutempo.ui.templatetags.piutempo"],
        },
    }
]


def database_from(url: str) -> dict[str, Any]:
    """Return Django's settings for ``postgresql://user:password@host:port/name?option=value``, or for SQLite."""
    if not url:
        VAR_DIR.mkdir(parents=True, exist_ok=True)
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": VAR_DIR / "piutempo.sqlite3",
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 30,
                "init_command": (
                    "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA foreign_keys=ON;"
                    "PRAGMA cache_size=-65536;PRAGMA temp_store=MEMORY;PRAGMA mmap_size=268435456;"
                ),
            },
        }
    parts = urlparse(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(f"DATABASE_URL must start with postgresql://, got {parts.scheme}://")
    query = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"server_side_binding": True, "prepare_threshold": 1, **query},
    }


DATABASES = {"default": database_from(os.environ.get("DATABASE_URL", ""))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 14}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "people:sign_in"
LOGIN_REDIRECT_URL = "portals:home"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.5
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "people/locked_out.html"
AXES_VERBOSE = False
SESSION_COOKIE_AGE = 60 * 60 * 8
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = MODE == "production"
SECURE_HSTS_SECONDS = 31_536_000 if MODE == "production" else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if os.environ.get("BEHIND_PROXY") else None
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF, "data:"],  # a small icon font sits inside the style sheet
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-src": [SELF],  # a scan beside the form that types it
        "frame-ancestors": [NONE],
        "base-uri": [SELF],
        "manifest-src": [SELF],
        "object-src": [NONE],
    }
}

LANGUAGE_CODE = "it"
LANGUAGES = [("it", _("Italiano")), ("en", _("Inglese"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Europe/Rome"
USE_I18N = True
USE_TZ = True
USE_THOUSAND_SEPARATOR = False  # ids and years must stay plain; amounts and counts have filters of their own

# The look ships in the wheel of design-django-theme: only its style, icons and one font are served, under one prefix.
LOOK_DIR = Path((find_spec("bootstrap_italia_template").submodule_search_locations or [""])[0]) / "static"  # type: ignore[union-attr]  # a pinned requirement: always found
STATICFILES_DIRS = [(f"bootstrap-italia/{part}", LOOK_DIR / part) for part in ("css", "svg", "fonts/Titillium_Web")]
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if MODE == "test"
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = MODE == "test"
MEDIA_ROOT = VAR_DIR / "media"
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000
UPLOAD_MAX_BYTES = 10 * 1024 * 1024

PROGRAMMES_DIR = BASE_DIR / "programmes.d"
BODY_NAME = os.environ.get("BODY_NAME", "Regione Esempio")
CONTACT_EMAIL = os.environ.get("CONTACT_EMAIL", "assistenza@piutempo.example")
CONTACT_PHONE = os.environ.get("CONTACT_PHONE", "800 000 000")
SITE_URL = os.environ.get("SITE_URL", "https://piutempo.example").rstrip("/")
REGISTER_CODE = os.environ.get("REGISTER_CODE", "PIUTEMPO")
PROTOCOL_ADAPTER = os.environ.get("PROTOCOL_ADAPTER", "")
EMAIL_URL = os.environ.get("EMAIL_URL", "")
SEND_ADAPTER = os.environ.get("SEND_ADAPTER", "piutempo.correspondence.adapters.FolderNotifications" if IS_DEMO else "")
ISEE_ADAPTER = os.environ.get(
    "ISEE_ADAPTER", "" if MODE == "production" else "piutempo.applications.adapters.LocalIsee"
)
ISEE_BENEFIT = os.environ.get("ISEE_BENEFIT", "A1.05")  # INPS's code of the benefit in its table of social benefits
ACCESSIBILITY_STATEMENT_URL = os.environ.get("ACCESSIBILITY_STATEMENT_URL", "")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
