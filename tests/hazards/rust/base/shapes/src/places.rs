//! Code that knows where it is.

pub fn line() -> u32 {
    line!()
}

pub fn column() -> u32 {
    column!()
}

pub fn file() -> &'static str {
    file!()
}

pub fn module() -> &'static str {
    module_path!()
}

pub fn caught() -> String {
    let result: Result<u32, String> = Err("broken".to_owned());
    let old = std::panic::take_hook();
    let (send, receive) = std::sync::mpsc::channel();
    std::panic::set_hook(Box::new(move |info| {
        let _ = send.send(info.location().map(|place| place.line()));
    }));
    let _ = std::panic::catch_unwind(|| result.unwrap());
    std::panic::set_hook(old);
    format!("{:?}", receive.recv().ok().flatten())
}

macro_rules! here {
    () => {
        concat!(file!(), ":", line!())
    };
}

pub fn stamped() -> &'static str {
    here!()
}

pub fn called() -> u32 {
    crate::attributes::who_calls()
}

pub fn nowhere() -> u32 {
    6
}
