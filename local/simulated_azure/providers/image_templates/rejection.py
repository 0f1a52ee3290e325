"""Why a template could not be created."""

# The values that `provisioningErrorCode` can have.
PROVISIONING_ERROR_CODES = [
    *("BadSourceType", "BadPIRSource", "BadManagedImageSource", "BadSharedImageVersionSource"),
    *("BadCustomizerType", "UnsupportedCustomizerType", "NoCustomizerScript"),
    *("BadValidatorType", "UnsupportedValidatorType", "NoValidatorScript"),
    *("BadDistributeType", "BadSharedImageDistribute", "BadStagingResourceGroup", "ServerError", "Other"),
]


class Rejection(Exception):
    """The template becomes `Failed`, or what else is given: its `provisioningError` and its operation tell why."""

    def __init__(
        self, provisioning_error_code: str, code: str, message: str, provisioning_state: str = "Failed"
    ) -> None:
        super().__init__(message)
        self.provisioning_state = provisioning_state
        self.provisioning_error_code = provisioning_error_code
        self.code = code
        self.message = message
