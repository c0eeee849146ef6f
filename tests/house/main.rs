//! The program, the pages and the sources themselves.

mod command_line;
mod pages;
mod refusals;
mod sources;
mod streams;
