//! The program, the pages and the sources themselves.

#[cfg(feature = "figures")]
mod command_line;
#[cfg(feature = "figures")]
mod pages;
mod examples;
mod refusals;
mod sources;
mod streams;
