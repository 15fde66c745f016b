"""An operator's own runtime (LOCAL_RUNTIME_COMMAND) instead of the bundled llama.cpp.

The command is split like a shell would and exec'd, never given to a shell. It learns what to do from its
environment and must answer GET /health and the OpenAI paths on 127.0.0.1:$PORT, to $API_KEY only.
"""

import os
import shlex

from host_failure import NodeFailure

# What a program loads and where it looks is the operator's to say, not the endpoint owner's.
PROTECTED_PREFIXES = ("LD_", "DYLD_", "PYTHON", "NODE_", "BASH_", "GCONV_", "PERL", "RUBY", "JAVA_", "GGML_BACKEND")
PROTECTED_NAMES = {"PATH", "HOME", "SHELL", "ENV", "IFS", "TMPDIR", "USER", "LOGNAME"}


def exec_runtime_command(spec: dict, model_path: str, port: int, node_folder: str) -> None:
    argv = shlex.split(spec["runtimeCommand"]) + list(spec["runtimeArgs"])
    try:
        os.execvpe(argv[0], argv, command_environment(spec, model_path, port, node_folder))
    except OSError as error:
        raise NodeFailure(
            "runtime_unavailable",
            f'LOCAL_RUNTIME_COMMAND could not be run ("{argv[0]}": {error.strerror}): correct it and retry.',
        ) from error


def command_environment(spec: dict, model_path: str, port: int, node_folder: str) -> dict:
    contract = {
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "API_KEY": spec["secret"],
        "MODEL": spec["model"],
        "MODEL_PATH": model_path,
        "CONTEXT_LENGTH": str(spec["contextLength"]),
        "CONCURRENCY": str(spec["concurrency"]),
        "NODE_DIR": node_folder,
        "ENDPOINT_ID": spec["endpointId"],
        "SERVED_MODEL_NAMES": f"{spec['model']},{spec['endpointId']}",
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    wanted = {name: value for name, value in spec["env"].items() if allowed(name)}
    return {**inherited, **wanted, **contract}


def allowed(name: str) -> bool:
    upper = name.upper()
    return upper not in PROTECTED_NAMES and not upper.startswith(PROTECTED_PREFIXES)
