//! Any bytes as what a tool says of a machine: an inventory or an error, and both can be shown; an inventory that is
//! written is the same when it is read again.
#![no_main]

use cotter::hardware::read_inventory;
use cotter::value::is_printable;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| match read_inventory(bytes) {
    Ok(inventory) => {
        let written = serde_json::to_string(&inventory).unwrap();
        assert!(written.chars().all(is_printable), "{written}");
        assert_eq!(read_inventory(written.as_bytes()).as_ref(), Ok(&inventory));
    }
    Err(error) => assert!(error.to_string().chars().all(is_printable), "{error}"),
});
