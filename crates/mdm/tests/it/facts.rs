//! Facts of every dataset, found with other tools (Python's csv, json and statistics modules).

use mdm::profile::{Column, ColumnKind, Encoding, Format, Scalar};
use mdm::{Implementation, Profile, ProfileRequest};

use ColumnKind::{Boolean, Date, DateTime, Float, Integer, Text};

use crate::{data, file, implementations};

fn profile(implementation: Implementation, name: &str) -> Profile {
    implementation
        .profile(&ProfileRequest::new(data(name)))
        .unwrap()
}

fn modern(name: &str) -> Profile {
    profile(
        Implementation::Modern(mdm::modern::Release::default()),
        name,
    )
}

fn close(found: Option<f64>, expected: f64) -> bool {
    found.is_some_and(|found| (found - expected).abs() <= 1e-4 + expected.abs() * 1e-9)
}

/// (file, delimiter, header, rows, columns)
const SHAPES: [(&str, Option<char>, bool, u64, usize); 18] = [
    ("airport-weather.csv", Some(','), true, 2000, 15),
    ("birdstrikes.csv", Some(','), true, 4000, 14),
    ("breast-cancer.csv", Some(','), false, 569, 31),
    ("earthquakes.json", None, true, 400, 30),
    ("flights.csv", Some(','), true, 3000, 19),
    ("food-frequency.csv", Some(','), true, 54, 1094),
    ("gapminder.csv", Some(','), true, 1704, 6),
    ("iris.csv", Some(','), false, 151, 5),
    ("language-subtags.csv", Some(';'), true, 1013, 12),
    ("penguins-raw.csv", Some(','), true, 344, 17),
    ("penguins.json", None, true, 344, 7),
    ("planes.csv", Some(','), true, 3322, 9),
    ("seattle-weather.csv", Some(','), true, 1461, 6),
    ("species.csv", Some(','), true, 3000, 6),
    ("unemployment.tsv", Some('\t'), true, 3218, 2),
    ("unicode-characters.csv", Some(';'), false, 2000, 15),
    ("us-employment.csv", Some(','), true, 120, 24),
    ("zipcodes.csv", Some(','), true, 9000, 6),
];

#[test]
fn all_implementations_find_the_shape_of_every_dataset() {
    for (name, delimiter, header, rows, columns) in SHAPES {
        for implementation in implementations() {
            let found = profile(implementation, name);
            let shape = (
                found.delimiter,
                found.header,
                found.rows,
                found.columns.len(),
            );
            assert_eq!(
                shape,
                (delimiter, header, rows, columns),
                "{implementation} {name}"
            );
            assert_eq!(found.encoding, Encoding::Utf8);
            assert_eq!(found.format == Format::Json, delimiter.is_none());
            for (column, found) in found.columns.iter() {
                assert_eq!(
                    found.count + found.missing,
                    rows,
                    "{implementation} {name} {column}"
                );
                assert!(found.distinct <= found.count);
                assert_eq!(found.distinct == 0, found.top.is_empty());
            }
        }
    }
}

#[test]
fn every_dataset_of_the_folder_is_in_the_table() {
    let mut files: Vec<String> = std::fs::read_dir(data(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !["README.md", "debian-releases.csv"].contains(&name.as_str()))
        .collect();
    files.sort();
    assert_eq!(files, SHAPES.map(|(name, ..)| name.to_owned()));
    let size: u64 = files
        .iter()
        .map(|name| data(name).metadata().unwrap().len())
        .sum();
    assert!(size < 4_000_000, "{size}");
}

/// (file, column, kind, missing, distinct)
const COLUMNS: [(&str, &str, ColumnKind, u64, u64); 36] = [
    ("airport-weather.csv", "wind_gust", Float, 1436, 31),
    ("airport-weather.csv", "precip", Float, 0, 25),
    ("airport-weather.csv", "time_hour", DateTime, 0, 2000),
    ("birdstrikes.csv", "Flight Date", Date, 0, 1697),
    ("birdstrikes.csv", "Effect Amount of damage", Text, 0, 5),
    ("birdstrikes.csv", "Speed IAS in knots", Integer, 835, 98),
    ("breast-cancer.csv", "column_1", Float, 0, 456),
    ("breast-cancer.csv", "column_31", Integer, 0, 2),
    ("earthquakes.json", "id", Text, 0, 400),
    ("earthquakes.json", "properties.mag", Float, 0, 188),
    ("earthquakes.json", "properties.felt", Integer, 362, 15),
    ("earthquakes.json", "properties.alert", Text, 397, 1),
    ("flights.csv", "dep_delay", Integer, 22, 168),
    ("flights.csv", "tailnum", Text, 4, 1435),
    ("flights.csv", "time_hour", DateTime, 0, 65),
    ("food-frequency.csv", "cancer", Integer, 0, 2),
    ("gapminder.csv", "country", Text, 0, 142),
    ("gapminder.csv", "lifeExp", Float, 0, 1626),
    ("iris.csv", "column_1", Float, 0, 36),
    ("iris.csv", "column_5", Text, 0, 4),
    ("language-subtags.csv", "Description", Text, 0, 986),
    ("language-subtags.csv", "Deprecated", Date, 943, 27),
    ("penguins-raw.csv", "Clutch Completion", Boolean, 0, 2),
    ("penguins-raw.csv", "Date Egg", Date, 0, 50),
    ("penguins-raw.csv", "Comments", Text, 290, 10),
    ("penguins.json", "Sex", Text, 10, 3),
    ("planes.csv", "tailnum", Text, 0, 3322),
    ("planes.csv", "speed", Integer, 3299, 13),
    ("seattle-weather.csv", "date", Date, 0, 1461),
    ("species.csv", "county_id", Text, 0, 3000),
    ("unemployment.tsv", "rate", Float, 0, 210),
    ("unicode-characters.csv", "column_1", Text, 0, 2000),
    ("unicode-characters.csv", "column_13", Text, 1505, 479),
    ("us-employment.csv", "utilities", Float, 0, 86),
    ("us-employment.csv", "nonfarm_change", Integer, 0, 101),
    ("zipcodes.csv", "zip_code", Text, 0, 9000),
];

#[test]
fn modern_types_every_column_by_all_of_its_values() {
    for (file, name, kind, missing, distinct) in COLUMNS {
        let profile = modern(file);
        let column = profile.columns.get(name).unwrap();
        let found = (column.kind, column.missing, column.distinct);
        assert_eq!(found, (kind, missing, distinct), "{file} {name}");
    }
}

#[test]
fn figures_agree_with_those_of_another_program() {
    for (file, name, mean, std) in [
        ("airport-weather.csv", "temp", 36.054_140, 8.663_394),
        ("airport-weather.csv", "wind_gust", 26.278_184, 6.429_891),
        (
            "birdstrikes.csv",
            "Speed IAS in knots",
            152.380_411,
            44.040_381,
        ),
        ("breast-cancer.csv", "column_1", 14.127_292, 3.520_951),
        ("flights.csv", "dep_delay", 11.133_647, 36.620_193),
        ("gapminder.csv", "lifeExp", 59.474_439, 12.913_317),
        (
            "penguins-raw.csv",
            "Body Mass (g)",
            4_201.754_386,
            800.781_229,
        ),
        ("planes.csv", "year", 2_000.484_010, 7.192_319),
        ("unemployment.tsv", "rate", 0.089_915, 0.036_434),
        (
            "us-employment.csv",
            "nonfarm_change",
            66.041_667,
            260.237_340,
        ),
        ("zipcodes.csv", "latitude", 40.880_991, 3.746_950),
    ] {
        let implementations = implementations();
        for implementation in [implementations[0], implementations[2]] {
            let profile = profile(implementation, file);
            let column = profile.columns.get(name).unwrap();
            assert!(
                close(column.mean, mean),
                "{implementation} {file} {name}: {:?}",
                column.mean
            );
            assert!(
                close(column.std, std),
                "{implementation} {file} {name}: {:?}",
                column.std
            );
        }
    }
}

#[test]
fn roles_of_columns() {
    let ids = |name| modern(name).id_columns;
    assert_eq!(ids("food-frequency.csv"), ["id"]);
    assert_eq!(ids("earthquakes.json"), ["id"]);
    assert_eq!(ids("planes.csv"), ["tailnum"]);
    assert_eq!(ids("species.csv"), ["county_id"]);
    assert_eq!(ids("us-employment.csv"), ["month"]);
    assert!(ids("gapminder.csv").is_empty());
    let target = |name| modern(name).target;
    assert_eq!(target("seattle-weather.csv").as_deref(), Some("weather"));
    assert_eq!(target("breast-cancer.csv").as_deref(), Some("column_31"));
    assert_eq!(target("gapminder.csv"), None);
    assert_eq!(modern("penguins-raw.csv").date_columns, ["Date Egg"]);
    assert_eq!(
        modern("language-subtags.csv").date_columns,
        ["Added", "Deprecated"]
    );
}

#[test]
fn extremes_and_frequent_values() {
    let profile = modern("birdstrikes.csv");
    let column: &Column = profile.columns.get("Flight Date").unwrap();
    assert_eq!(column.min, Some(Scalar::Text("1990-01-08".to_owned())));
    assert_eq!(column.max, Some(Scalar::Text("1996-07-04".to_owned())));
    let damage = &profile.columns.get("Effect Amount of damage").unwrap().top[0];
    assert_eq!((damage.value.as_str(), damage.count), ("None", 3604));
    let magnitude = modern("earthquakes.json");
    let magnitude = magnitude.columns.get("properties.mag").unwrap();
    assert_eq!(magnitude.min, Some(Scalar::Float(-0.3)));
    assert_eq!(magnitude.max, Some(Scalar::Float(6.4)));
}

/// What the legacy implementation does to real data. Its callers may rely on it, so it stays.
#[test]
fn the_old_way_is_kept_as_it_is() {
    let legacy = |name| profile(Implementation::Legacy, name);
    // A code becomes a number.
    assert_eq!(
        legacy("zipcodes.csv").columns.get("zip_code").unwrap().kind,
        Integer
    );
    // The category "None" is missing.
    assert_eq!(
        legacy("birdstrikes.csv")
            .columns
            .get("Effect Amount of damage")
            .unwrap()
            .missing,
        3604
    );
    // A column without a value in the first hundred rows is text for good.
    assert_eq!(
        legacy("planes.csv").columns.get("speed").unwrap().kind,
        Text
    );
    // The time of day is cut off.
    assert_eq!(
        legacy("flights.csv").columns.get("time_hour").unwrap().kind,
        Date
    );
    // A hexadecimal number whose only letter is an E is a power of ten.
    assert_eq!(
        legacy("unicode-characters.csv")
            .columns
            .get("column_13")
            .unwrap()
            .max,
        Some(Scalar::Integer(400_000_000))
    );
}

#[test]
fn latin1_is_read_by_both() {
    let utf8 = std::fs::read_to_string(data("language-subtags.csv")).unwrap();
    // The lines of the registry that ISO 8859-1 has characters for, in that encoding.
    let lines: Vec<&str> = utf8
        .lines()
        .filter(|line| !line.contains('"') && line.matches(';').count() == 11)
        .filter(|line| line.chars().all(|c| u32::from(c) < 256))
        .collect();
    let text = lines.join("\n");
    assert!(!text.is_ascii());
    let bytes: Vec<u8> = text.chars().map(|c| c as u8).collect();
    let (_folder, path) = file("latin1.csv", bytes);
    for implementation in implementations() {
        let profile = implementation.profile(&ProfileRequest::new(&path)).unwrap();
        assert_eq!(profile.encoding, Encoding::Latin1);
        assert_eq!(profile.rows, lines.len() as u64 - 1);
        let (_folder, path) = file("utf8.csv", &text);
        let again = implementation.profile(&ProfileRequest::new(&path)).unwrap();
        assert_eq!(
            Profile {
                encoding: Encoding::Latin1,
                ..again
            },
            profile
        );
    }
}

#[test]
fn a_profile_survives_its_json_form() {
    for implementation in implementations() {
        for (name, ..) in SHAPES {
            let profile = profile(implementation, name);
            let json = serde_json::to_string(&profile).unwrap();
            let again: Profile = serde_json::from_str(&json).unwrap();
            assert_eq!(
                serde_json::to_string(&again).unwrap(),
                json,
                "{implementation} {name}"
            );
        }
    }
}
