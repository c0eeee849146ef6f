//! Every picture of the project, one function each.
