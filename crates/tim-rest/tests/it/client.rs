//! The client against the sandbox, over real sockets.
