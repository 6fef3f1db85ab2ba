//! cutover-testkit
