"""Documents in, fax pages out.

From the outside:
    request       what is asked for, what is answered, how it fails
    converter     the converter of a service
    one_shot      conversion for a program that converts once and ends
    first_page    a small picture of a fax's first page, for notices; sheet: what a sheet of ours may show
    header        the header line of one attempt, drawn into finished pages
    cover_facts, body_facts
                  what the pages before the attachments say
    formats       every kind of document and how it is made into pages

The order of work:
    fax_making    attachments, leading pages, files; runner says who runs the tasks
    attachments   the pages of a mail's documents
    leading_pages covers, and bodies as pages of their own
    own_cover     covers of own templates; cover_files reads them before their task is confined

In confined tasks:
    page_task     pages of one document; sniff, compound_file and plain_text tell what it is, text_encoding in
                  which encoding a text is
    leading_task  pages of a cover or a body; cover_task and body_task typeset them
    pdf_pages, picture_file, image_pages, fax_tiff_pages
                  one module a family
    pdf_paths     each page of a PDF down its best path: drawn, by its one picture (page_picture), or as
                  the fax page that it is (fax_scan); page_parts tells which task draws which
    web_page      HTML, laid out as a PDF; text_pages, csv_text and kept_results make ready what LibreOffice
                  shall lay out
    rasterise     one page: layout places it, binarise takes the grey away, t6 codes it
    long_pages    one that is longer than paper, cut into sheets
    page_account  what is told of each page: by which steps, and whether anything is on it
    fax_tiff      the file of finished pages
    page_words    what stands on a page of a PDF, and where; text_layer keeps it behind the pages,
                  header_words adds the header line's: only where an archive or a notice wants a PDF

Own cover templates, in own_cover_task:
    cover_tokens  the table of what a template can say; cover_values its values for one fax
    cover_language
                  Jinja in its sandbox; mistakes with their lines
    cover_html    HTML and CSS; cover_office Word and OpenDocument (cover_package, cover_paragraphs,
                  cover_spacing, cover_text)
    cover_once    a cover for a person who looks at it: check, preview
    cover_export  a built-in one to start from

LibreOffice:
    office_pool   as many as documents need; office supervises one, office_wear tells when it is worn out,
                  office_warm_up what it converts first
    office_process
                  starts it in a folder of its own; office_client calls it, office_server is its end, and
                  office_symbols what it draws for symbol fonts
"""
