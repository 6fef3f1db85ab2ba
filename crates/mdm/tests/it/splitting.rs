//! The splitter of the legacy implementation against an independent one.

use mdm::legacy::split_records;
use proptest::prelude::*;

fn reference(text: &str, delimiter: char) -> Vec<Vec<String>> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter as u8)
        .from_reader(text.as_bytes())
        .records()
        .map(|record| record.unwrap().iter().map(str::to_owned).collect())
        .collect()
}

fn ours(text: &str, delimiter: char) -> Vec<Vec<String>> {
    split_records(text, delimiter)
        .into_iter()
        .map(|(_, cells)| cells)
        .collect()
}

fn delimiters() -> impl Strategy<Value = char> {
    prop::sample::select(vec![',', ';', '\t', '|'])
}

proptest! {
    #[test]
    fn any_text_is_split_like_the_csv_crate_does(
        text in "([a-zé,;|\t\"\r\n ]|\"\"){0,60}",
        delimiter in delimiters(),
    ) {
        prop_assert_eq!(ours(&text, delimiter), reference(&text, delimiter));
    }

    #[test]
    fn what_the_csv_crate_writes_comes_back(
        records in prop::collection::vec(prop::collection::vec("[a-zé,;\"\r\n ]{0,8}", 3), 1..8),
        delimiter in delimiters(),
    ) {
        let mut writer =
            csv::WriterBuilder::new().delimiter(delimiter as u8).from_writer(Vec::new());
        for record in &records {
            writer.write_record(record).unwrap();
        }
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        prop_assert_eq!(ours(&text, delimiter), records);
    }

    #[test]
    fn every_record_knows_its_line(
        cells in prop::collection::vec("[a-z\n]{1,6}", 1..10),
    ) {
        let text: String = cells.iter().map(|cell| format!("\"{cell}\",x\n")).collect();
        let mut line = 1;
        for ((starts_on, _), cell) in split_records(&text, ',').into_iter().zip(&cells) {
            prop_assert_eq!(starts_on, line);
            line += 1 + cell.matches('\n').count() as u64;
        }
    }
}

#[test]
fn real_data_is_split_like_the_csv_crate_does() {
    for (file, delimiter) in [
        ("penguins-raw.csv", ','),
        ("birdstrikes.csv", ','),
        ("language-subtags.csv", ';'),
        ("unicode-characters.csv", ';'),
        ("unemployment.tsv", '\t'),
        ("debian-releases.csv", ','),
    ] {
        let text = std::fs::read_to_string(crate::data(file)).unwrap();
        assert_eq!(
            ours(&text, delimiter),
            reference(&text, delimiter),
            "{file}"
        );
    }
}
