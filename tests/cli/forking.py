"""Becomes commands without importing anything: a process that has imported what all of them need forks for each.

What is forked is a process like any other, with arguments, environment, folder and output of its own. Only
what comes before `main` was done already; that it can be done is seen where commands are started afresh.
"""

import gc
import json
import os
import signal
import socket
import sys
import threading

from app.cli.commands import Commands

# A request is one byte, for there is no message without one, and four files.
REQUEST = b"!"


def become_a_command(channel: int) -> None:
    """Import all commands, and fork for each request on this socket; return in each fork, which then is the command.

    A request has four files: what to run as JSON (`arguments`, `environment`, `folder`), where its output goes, where
    its errors go, and where to tell of it: its process id and, when it has ended, its return code, a line each.
    The process ends when nobody is left who could ask.
    """
    commands = Commands()
    for name in commands.list_commands(None):
        commands.get_command(None, name)
    gc.collect()
    gc.freeze()
    assert threading.active_count() == 1, "a fork would lack the other threads"
    # Ctrl-C is for those who asked, and those who wait for a command are nobody's to wait for.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(fileno=channel) as requests:
        while True:
            request, files, *_ = socket.recv_fds(requests, len(REQUEST), 4)
            if request != REQUEST:
                os._exit(0)
            if os.fork() == 0:
                break
            for file in files:
                os.close(file)
    _wait_or_be(*files)


def _wait_or_be(asked: int, output: int, errors: int, told: int) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if (command := os.fork()) != 0:
        os.write(told, f"{command}\n".encode())
        _, status = os.waitpid(command, 0)
        os.write(told, f"{os.waitstatus_to_exitcode(status)}\n".encode())
        os._exit(0)
    os.close(told)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with open(asked) as said:
        request = json.load(said)
    sys.argv[1:] = request["arguments"]
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    for file, standard in ((output, 1), (errors, 2)):
        os.dup2(file, standard)
        os.close(file)
