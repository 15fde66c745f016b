"""Why a node gave up, where trying again will not cure it: a code of domain/errors.ts and a sentence."""


class NodeFailure(Exception):
    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code
        self.message = message
