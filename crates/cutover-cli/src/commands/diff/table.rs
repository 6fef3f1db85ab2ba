//! `cutover diff` of tables: CSV, Parquet, Arrow, JSON Lines and SQLite.

mod place;
mod progress;
mod report;
mod rules;

use clap::Args;
use cutover_formats::Format;
use cutover_table::{ColumnType, CsvDialect, Progress, TableComparator, TableError};

use self::place::Place;
use self::progress::Bar;
use self::report::Found;
use super::source::MOST;
use super::{DiffArgs, InputFormat};
use crate::commands::compare::quantity::size;
use crate::commands::rules::RuleArgs;
use crate::commands::table_kind::TableKind;
use crate::context::Context;
use crate::exit::{Exit, Failure};

/// How rows and columns of tables are compared.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Table options")]
pub(super) struct TableArgs {
    /// Rows are known by these columns: id or region,day
    #[arg(long, value_name = "COLUMN[,COLUMN]", value_delimiter = ',')]
    key_columns: Vec<String>,
    /// Both tables are sorted by the key, and may be of any size
    #[arg(long, requires = "key_columns")]
    sorted: bool,
    /// The order of rows does not count, and rows have no key
    #[arg(long, conflicts_with = "key_columns")]
    bag: bool,
    /// Leave these columns out
    #[arg(long, value_name = "COLUMN[,COLUMN]", value_delimiter = ',')]
    ignore_columns: Vec<String>,
    /// A column has another name in the new table
    #[arg(long, value_name = "OLD=NEW", value_parser = pair)]
    map: Vec<(String, String)>,
    /// What a column is compared as: text, integer, number, decimal, boolean, date or timestamp
    #[arg(long, value_name = "COLUMN=TYPE", value_parser = column_type)]
    column_type: Vec<(String, ColumnType)>,
    /// Floats are compared exactly, too, and numbers of CSV digit by digit
    #[arg(long)]
    exact: bool,
    /// Any difference of types or of the order of columns counts
    #[arg(long)]
    strict_schema: bool,
    /// What is between the fields of CSV: a character or tab [default: a comma; a tab for .tsv]
    #[arg(long, value_name = "CHARACTER", value_parser = character)]
    delimiter: Option<u8>,
    /// What is around fields of CSV that need it: a character or none [default: "]
    #[arg(long, value_name = "CHARACTER", value_parser = quote)]
    quote: Option<Quote>,
    /// What stands before a quote within quotes of CSV [default: another quote]
    #[arg(long, value_name = "CHARACTER", value_parser = character)]
    escape: Option<u8>,
    /// The first line of CSV is data; columns are column_1, column_2, …
    #[arg(long)]
    no_header: bool,
    /// A spelling of null in CSV, besides the empty field: NULL, NA
    #[arg(long, value_name = "TEXT")]
    null: Vec<String>,
    /// Space around fields of CSV does not count
    #[arg(long)]
    trim_fields: bool,
    /// Rows of CSV may end early; what is missing is null
    #[arg(long)]
    short_rows: bool,
    /// What to ask an SQLite database [default: the table in sqlite:FILE?table=NAME]
    #[arg(long, value_name = "SELECT")]
    query: Option<String>,
    /// What to ask the old one
    #[arg(long, value_name = "SELECT")]
    old_query: Option<String>,
    /// What to ask the new one
    #[arg(long, value_name = "SELECT")]
    new_query: Option<String>,
    /// How much memory may be kept; more is refused [default: 1GiB]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    memory: Option<usize>,
}

fn pair(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((old, new)) if !old.is_empty() && !new.is_empty() => {
            Ok((old.to_owned(), new.to_owned()))
        }
        _ => Err("two names are written OLD=NEW"),
    }
}

fn column_type(text: &str) -> Result<(String, ColumnType), String> {
    let (column, name) = text
        .rsplit_once('=')
        .ok_or("a type is written COLUMN=TYPE, for example zip=text")?;
    Ok((column.to_owned(), name.parse()?))
}

fn character(text: &str) -> Result<u8, &'static str> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        [byte] if byte.is_ascii() => Ok(*byte),
        _ => Err("one ASCII character, or the word tab"),
    }
}

/// What is around fields of CSV; nothing where there is `none`.
#[derive(Clone, Copy, Debug)]
struct Quote(Option<u8>);

fn quote(text: &str) -> Result<Quote, &'static str> {
    match text {
        "none" => Ok(Quote(None)),
        text => character(text).map(|mark| Quote(Some(mark))),
    }
}

/// Whether the documents are tables: that is said, by their names or otherwise, or rows are to be
/// compared.
pub(super) fn is_wanted(args: &DiffArgs) -> Result<bool, Failure> {
    let rows = args.tables.bag || !args.tables.key_columns.is_empty();
    Ok(match args.input_format {
        Some(InputFormat::Table(_)) => true,
        Some(InputFormat::Document(Format::JsonLines)) => rows,
        Some(InputFormat::Document(format)) if rows => {
            return Err(Failure::usage(format_args!(
                "--key-columns and --bag are for tables, and {format} is none"
            ))
            .hint("tables are --input-format csv, tsv, parquet, arrow or jsonl"));
        }
        Some(InputFormat::Document(_)) => false,
        None => {
            let names = [&args.old, &args.new].map(|path| Place::by_name(path));
            let mut tables = names.into_iter().flatten();
            rows || tables.any(|place| place.is_always_a_table())
        }
    })
}

impl TableArgs {
    fn dialect(&self, tabs: bool) -> CsvDialect {
        let mut dialect = if tabs {
            CsvDialect::tabs()
        } else {
            CsvDialect::default()
        };
        if let Some(delimiter) = self.delimiter {
            dialect = dialect.delimiter(delimiter);
        }
        if let Some(Quote(quote)) = self.quote {
            dialect = dialect.quote(quote);
        }
        if let Some(escape) = self.escape {
            dialect = dialect.escape(escape);
        }
        if self.no_header {
            dialect = dialect.without_header();
        }
        for null in &self.null {
            dialect = dialect.null(null);
        }
        if self.trim_fields {
            dialect = dialect.trimmed();
        }
        if self.short_rows {
            dialect = dialect.short_rows();
        }
        dialect
    }

    fn comparator(&self, options: &RuleArgs) -> Result<TableComparator, Failure> {
        let mut comparator = if self.bag {
            TableComparator::as_bag()
        } else if self.key_columns.is_empty() {
            TableComparator::by_order()
        } else if self.sorted {
            TableComparator::by_sorted_key(&self.key_columns)
        } else {
            TableComparator::by_key(&self.key_columns)
        };
        for column in &self.ignore_columns {
            comparator = comparator.ignore(column);
        }
        for (old, new) in &self.map {
            comparator = comparator.map(old, new);
        }
        for (column, column_type) in &self.column_type {
            comparator = comparator.compare_as(column, *column_type);
        }
        if self.exact {
            comparator = comparator.exact();
        }
        if self.strict_schema {
            comparator = comparator.strict_schema();
        }
        if let Some(bytes) = self.memory {
            comparator = comparator.memory(bytes as u64);
        }
        comparator = rules::apply(&options.rules()?, comparator)?;
        let mut seed = [0; 8];
        getrandom::fill(&mut seed)
            .map_err(|error| Failure::io("get a random number", &error.into()))?;
        Ok(comparator.seed(u64::from_ne_bytes(seed)))
    }
}

/// Compares two tables.
pub(super) fn run(context: &Context, args: &DiffArgs) -> Result<Exit, Failure> {
    let tables = &args.tables;
    let comparator = tables.comparator(&args.rules)?;
    let asked = match args.input_format {
        Some(InputFormat::Table(kind)) => Some(kind),
        Some(InputFormat::Document(_)) => Some(TableKind::JsonLines),
        None => None,
    };
    let old = Place::of(&args.old, &args.new, asked)?;
    let new = Place::of(&args.new, &args.old, asked)?;
    let most = args.max_input.unwrap_or(MOST);
    let query = |own: &Option<String>| own.clone().or_else(|| tables.query.clone());
    let old_table = old.table(tables, query(&tables.old_query), most)?;
    let new_table = new.table(tables, query(&tables.new_query), most)?;
    let bar = Bar::new(context.output);
    let compared =
        comparator.compare_watched(old_table.table, new_table.table, |progress: Progress| {
            bar.step(progress);
        });
    bar.finish();
    let comparison = compared.map_err(failure)?;
    let equal = comparison.equal;
    let in_order = !tables.bag && tables.key_columns.is_empty();
    let many = comparison.rows.different > 0 && in_order;
    context
        .output
        .show_done(&Found::new(comparison, &old, &new))?;
    if many {
        context.output.note(
            "rows were compared in their order; --key-columns NAME pairs them by a key, --bag in \
             any order",
        );
    }
    Ok(Exit::answer(equal))
}

fn failure(error: TableError) -> Failure {
    let failure = match &error {
        TableError::NoSuchColumn { .. }
        | TableError::TwoColumns { .. }
        | TableError::Settings(_) => Failure::usage(&error),
        _ => Failure::trouble(&error),
    };
    match error {
        TableError::Memory { .. } => {
            failure.hint("allow more with --memory, for example --memory 4GiB")
        }
        TableError::TwoColumns { .. } => failure.hint("ignore it with --ignore-columns"),
        _ => failure,
    }
}
