"""Tells what the security type of an image or an image definition stands for."""

TRUSTED_LAUNCH, CONFIDENTIAL_VM = "TrustedLaunch", "ConfidentialVM"
STANDS_FOR = {
    "trustedlaunch": frozenset({TRUSTED_LAUNCH}),
    "trustedlaunchsupported": frozenset({TRUSTED_LAUNCH}),
    "confidentialvm": frozenset({CONFIDENTIAL_VM}),
    "confidentialvmsupported": frozenset({CONFIDENTIAL_VM}),
    "trustedlaunchandconfidentialvmsupported": frozenset({TRUSTED_LAUNCH, CONFIDENTIAL_VM}),
}


def security_types(word: str | None) -> frozenset[str]:
    """Return what an image of this type can do, and a definition of it asks for; any other word stands for nothing."""
    return STANDS_FOR.get((word or "").lower(), frozenset())
