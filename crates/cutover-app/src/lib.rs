//! cutover-app
