"""Copies of finished faxes kept elsewhere: named, described, delivered.

Modules:
    facts     all that names and metadata are made of
    naming    file names out of the policy's convention
    metadata  the sidecars: the facts of a fax as XML and as JSON
    sidecar_schema
              their shape, for whoever reads them
    document  the fax as TIFF or as PDF
    pdf_standard
              what makes the PDF a PDF/A
    pdf_text  what stands on the pages, for searching the PDF
    filing    the files of one copy, in the order in which they are written
    sftp      delivery to an SFTP server
    ftps      delivery to an FTP server over TLS; ftp_session is one session with it
    folder    delivery into a folder
    mail      delivery to a mailbox
    secret_file
              passwords for servers
    trouble   how a delivery fails
    deliver   one copy, the whole way
"""
