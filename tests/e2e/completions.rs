//! `skiptrace completions`.

use insta::assert_snapshot;

use crate::sandbox;

#[test]
fn every_shell_gets_a_script() {
    let sandbox = sandbox();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = sandbox.skiptrace(["completions", shell]).success();
        let script = output.stdout();
        assert!(script.contains("skiptrace") && script.contains("completions"), "{script}");
        assert!(!script.contains("under-test"), "{script}");
        assert_eq!(output.stderr(), "");
    }
}

#[test]
fn an_unknown_shell_is_a_mistake() {
    assert_snapshot!(sandbox().skiptrace(["completions", "dash"]).code(2).snapshot(), @r"
    exit code: 2
    --- stderr ---
    error: invalid value `dash` for `<SHELL>`
      [possible values: bash, elvish, fish, powershell, zsh]
    hint: a similar value exists: `bash`
    hint: for more information, try `--help`
    ");
}
