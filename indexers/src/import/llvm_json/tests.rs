use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;

const EXPORT: &str = r#"{"version":"2.0.1","type":"llvm.coverage.json.export","cargo_llvm_cov":{"x":[1]},"data":[{
    "totals":{},
    "files":[{"filename":"/r/a.c","segments":[[1,1,5,true,true,false]],"summary":{}},{"filename":"/r/empty.h"}],
    "functions":[
        {"name":"f","count":3,"filenames":["/r/a.c","/r/m.h"],"branches":[],
         "regions":[[3,12,9,2,3,0,0,0],[5,1,5,4,3,0,1,1],[70,1,71,4,3,1,0,0]]},
        {"name":"g","count":0,"filenames":["/r/a.c"],"regions":[[20,1,22,2,0,0,0,0]]},
        {"name":"h","count":0,"filenames":["/r/a.c"],"regions":[[30,1,32,2,0,0,0,0],[31,1,31,2,1.5e19,0,0,0,9]]}
    ]}]}"#;

fn show(text: &str) -> String {
    let files = match read(text.as_bytes()) {
        Ok(files) => files,
        Err(error) => return error.to_string(),
    };
    let range = |range: &TextRange| {
        let TextRange { start, end } = range;
        format!("{}:{}-{}:{}", start.line, start.column, end.line, end.column)
    };
    let file = |file: &CoveredFile| {
        format!("{}: {}", file.path, file.executed.iter().map(range).collect::<Vec<_>>().join(" "))
    };
    files.iter().map(file).collect::<Vec<_>>().join("\n")
}

#[test]
fn functions_that_ran_count_as_a_whole() {
    assert_snapshot!(show(EXPORT), @"
    /r/a.c: 3:12-9:2 30:1-32:2
    /r/m.h: 70:1-71:4
    /r/a.c: 
    /r/empty.h: 
    ");
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    assert_snapshot!(show("{"), @"it is no export of llvm-cov: EOF while parsing an object at line 1 column 1");
    assert_snapshot!(show(r#"{"type":"else","data":[]}"#), @"it is `else`, not `llvm.coverage.json.export`");
    assert_snapshot!(
        show(r#"{"type":"llvm.coverage.json.export","data":[{"files":[]}]}"#),
        @"there are no functions in it; export without -skip-functions and -summary-only"
    );
    assert_snapshot!(show(&EXPORT.replace("[3,12,9,2,3,0,0,0]", "[3,12,9]")), @"it is no export of llvm-cov: invalid length 3, expected a region of eight numbers at line 6 column 28");
    assert_snapshot!(show(&EXPORT.replace("[20,1,22,2,0,0,0,0]", "[20,1,22,2,0,7,0,0]")), @"it is no export of llvm-cov: a region is of file 7, which is not listed at line 8 column 9");
    let without_regions = r#"{"type":"llvm.coverage.json.export","data":[{"functions":[
        {"count":1,"filenames":["a"],"regions":[]}]}]}"#;
    assert_snapshot!(show(without_regions), @"it is no export of llvm-cov: a function ran and has no regions at line 2 column 51");
}

proptest! {
    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(bytes.as_slice());
    }

    #[test]
    fn damage_is_an_error_or_an_export(at in 0..EXPORT.len(), byte in any::<u8>()) {
        let mut bytes = EXPORT.as_bytes().to_vec();
        bytes[at] = byte;
        let _ = read(bytes.as_slice());
    }

    #[test]
    fn a_cut_is_noticed(cut in 0..EXPORT.len()) {
        prop_assert!(read(&EXPORT.as_bytes()[..cut]).is_err());
    }
}
