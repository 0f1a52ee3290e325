"""Why a template could not be created."""


class Rejection(Exception):
    """The template becomes `Failed`: its `provisioningError` and its operation tell why."""

    def __init__(self, provisioning_error_code: str, code: str, message: str) -> None:
        super().__init__(message)
        self.provisioning_error_code = provisioning_error_code
        self.code = code
        self.message = message
