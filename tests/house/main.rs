//! The program, the pages and the sources themselves.

#[cfg(feature = "figures")]
mod command_line;
mod examples;
mod mentions;
#[cfg(feature = "figures")]
mod own_table;
#[cfg(feature = "figures")]
mod pages;
#[cfg(feature = "figures")]
mod program;
mod refusals;
mod sources;
mod streams;
