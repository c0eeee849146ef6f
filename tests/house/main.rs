//! The program, the pages and the sources themselves.

#[cfg(feature = "figures")]
mod command_line;
mod examples;
#[cfg(feature = "figures")]
mod pages;
mod refusals;
mod sources;
mod streams;
