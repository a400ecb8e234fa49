//! The program.

use app::commands;

fn main() -> std::process::ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((command, rest)) = arguments.split_first() else {
        println!("{}", commands::USAGE);
        return std::process::ExitCode::from(2);
    };
    match command.as_str() {
        "greet" => println!("{}", commands::greet(&rest.join(" "))),
        "size" => println!("{}", commands::size()),
        "sum" => match commands::sum(rest) {
            Ok(sum) => println!("{sum}"),
            Err(error) => {
                println!("error: {error}");
                return std::process::ExitCode::FAILURE;
            }
        },
        "relay" => relay(rest),
        "fail" => std::process::exit(commands::exit_code().into()),
        "die" => {
            println!("{}", commands::last_words());
            std::process::abort()
        }
        other => println!("{}", unknown(other)),
    }
    std::process::ExitCode::SUCCESS
}

fn relay(arguments: &[String]) {
    let program = std::env::current_exe().unwrap();
    let output = std::process::Command::new(program).args(arguments).output().unwrap();
    println!("relayed {}", String::from_utf8_lossy(&output.stdout).trim());
}

fn unknown(command: &str) -> String {
    format!("`{command}` is unknown")
}
