"""What catalogues of open data ask: DCAT as JSON-LD, and a CKAN dataset with the fields data.go.th requires."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from mailgate.jobs.public_material import Material

_TITLE = "สถิติหนังสือและทะเบียนการอนุญาตของ{}"
_TITLE_EN = "Letters and permissions of {}: statistics"
_NOTES = (
    "จำนวนหนังสือที่รับ แจ้งเลขรับ และแจ้งผล จำแนกตามเรื่อง เดือน ช่องทาง และผลการพิจารณา พร้อมรายการการอนุญาต "
    "โดยไม่มีข้อมูลส่วนบุคคล จำนวนที่น้อยจนอาจบ่งชี้ถึงบุคคลมิได้แสดง"
)
_TAGS = ["สถิติ", "การอนุญาต", "ระยะเวลาการให้บริการ", "ทะเบียนหนังสือ"]
_MEDIA = {"csv": "text/csv", "json": "application/json"}


def dcat(material: Material, files: Sequence[str]) -> bytes:
    """A dcat:Catalog with one dataset; addresses are relative where the configuration names none."""
    office, settings = material.office.config.office, material.office.config.publish
    document = {
        "@context": {
            "dcat": "http://www.w3.org/ns/dcat#",
            "dct": "http://purl.org/dc/terms/",
            "foaf": "http://xmlns.com/foaf/0.1/",
            "vcard": "http://www.w3.org/2006/vcard/ns#",
        },
        "@type": "dcat:Dataset",
        "dct:title": [
            _in("th", _TITLE.format(office.name)),
            _in("en", _TITLE_EN.format(office.name_en or office.name)),
        ],
        "dct:description": [_in("th", _NOTES)],
        "dct:publisher": {"@type": "foaf:Organization", "foaf:name": office.name},
        "dcat:contactPoint": {"@type": "vcard:Organization", "vcard:hasEmail": f"mailto:{office.address}"},
        "dct:language": ["th", "en"],
        "dct:license": {"@id": settings.licence_url},
        "dct:accrualPeriodicity": {"@id": "http://purl.org/cld/freq/daily"},
        "dct:modified": material.as_of.date().isoformat() if material.as_of else None,
        "dcat:keyword": [_in("th", tag) for tag in _TAGS],
        "dcat:distribution": [_distribution(material, path) for path in files],
    }
    return _text({name: value for name, value in document.items() if value is not None})


def ckan(material: Material, files: Sequence[str]) -> bytes:
    """A CKAN package; the fields of the Thai government data catalogue (ckanext-thai_gdc)."""
    config, office = material.office.config, material.office.config.office
    modified = material.as_of.date().isoformat() if material.as_of else ""
    document = {
        "name": "mailgate-" + "".join(c if c.isalnum() else "-" for c in office.address.lower()),
        "title": _TITLE.format(office.name),
        "owner_org": office.name,
        "organization": {"title": office.name},
        "maintainer": office.clerk.name,
        "maintainer_email": office.address,
        "notes": _NOTES,
        "tags": [{"name": tag} for tag in _TAGS],
        "tag_string": ",".join(_TAGS),
        "objective": "เพื่อเปิดเผยการอนุญาตและผลการดำเนินงานตามพระราชบัญญัติการปฏิบัติราชการทางอิเล็กทรอนิกส์ พ.ศ. ๒๕๖๕",
        "update_frequency_unit": "วัน",
        "update_frequency_interval": 1,
        "geo_coverage": config.publish.geo_coverage,
        "data_source": "ทะเบียนหนังสือรับและทะเบียนหนังสือส่งของหน่วยงาน",
        "data_format": ["CSV", "JSON"],
        "data_category": "ข้อมูลสาธารณะ",
        "data_type": "ข้อมูลสถิติ",
        "data_language": ["th", "en"],
        "license_id": config.publish.licence,
        "url": config.publish.base_url,
        "last_updated_date": modified,
        "resources": [
            {"name": path.rpartition("/")[2], "format": path.rpartition(".")[2].upper(), "url": _url(material, path)}
            for path in files
        ],
    }
    return _text(document)


def _distribution(material: Material, path: str) -> dict[str, Any]:
    media = _MEDIA[path.rpartition(".")[2]]
    return {
        "@type": "dcat:Distribution",
        "dct:title": path.rpartition("/")[2],
        "dcat:downloadURL": {"@id": _url(material, path)},
        "dcat:mediaType": media,
        "dct:license": {"@id": material.office.config.publish.licence_url},
    }


def _url(material: Material, path: str) -> str:
    base = material.office.config.publish.base_url.rstrip("/")
    return f"{base}/{path}" if base else path.removeprefix("data/")


def _in(language: str, text: str) -> dict[str, str]:
    return {"@language": language, "@value": text}


def _text(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n"
