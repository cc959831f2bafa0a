import pytest

from dataset_curation.filters.licences import detect_licence, has_permissive_header, is_permissive


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        ("The MIT License (MIT)\r\n\r\nPermission is hereby granted, free of charge, to any person", "MIT"),
        ("ISC License\n\nPermission to use, copy, modify, and distribute this software for any purpose", "ISC"),
        ("Apache License\n   Version 2.0, January 2004", "Apache-2.0"),
        ("Redistribution and use in source and binary forms\n... Neither the name of Ünder", "BSD-3-Clause"),
        ("Redistribution and use in source and binary forms, with or without modification", "BSD-2-Clause"),
        ("GNU AFFERO GENERAL PUBLIC LICENSE\nVersion 3", "AGPL-3.0"),
        ("GNU GENERAL PUBLIC LICENSE\nVersion 2", "GPL"),
        ("MIT License ... parts are under the Elastic License", "mixed"),
        ("", "unknown"),
        ("All rights reserved", "unknown"),
    ],
)
def test_licence_texts_are_recognised(text: str, licence: str) -> None:
    assert detect_licence(text) == licence


def test_only_permissive_licences_allow_training() -> None:
    assert is_permissive("MIT")
    assert not is_permissive("GPL")
    assert not is_permissive("mixed")
    assert not is_permissive("unknown")


def test_headers_of_files_are_read_through_comment_marks() -> None:
    assert has_permissive_header("/*\n * Licensed under the Apache\n * License, Version 2.0\n */\nclass A {}")
    assert has_permissive_header("# SPDX-License-Identifier: MIT\n")
    assert not has_permissive_header("/* Copyright (c) Somebody */ class A {}")
